import type { Accounts } from './accounts/accounts.ts';
import { IdentityServers } from './accounts/three-pids/identity-servers.ts';
import type { ThreePids } from './accounts/three-pids/three-pids.ts';
import type { Config } from './config/config.ts';
import { MailTemplates } from './mail/mail-templates.ts';
import { Mailer } from './mail/mailer.ts';
import type { OutboundClient } from './outbound/outbound-client.ts';
import { deleteMailPusherStatements } from './push/pushers/pusher-store.ts';
import type { Logger } from './telemetry/logger.ts';

/** Opens the way of mails; undefined where the operator has given none. */
export function openMailer({ email, server }: Config, logger: Logger): Mailer | undefined {
  if (email.mail === undefined) return undefined;
  const templates = new MailTemplates(email.customTemplateDirectory, (message) =>
    logger.warn(message),
  );
  return new Mailer(email.mail, server.serverName, templates);
}

/** Opens what addresses of users need. */
export function openThreePids(
  accounts: Accounts,
  config: Config,
  mailer: Mailer | undefined,
  http: OutboundClient,
): ThreePids {
  const { serverName } = config.server;
  const { keyId, sign } = config.signingKeys.current;
  return {
    accounts,
    config: config.threePids,
    mailer,
    baseUrl: baseUrlOf(config),
    identityServers: new IdentityServers(http, { serverName, keyId, sign }),
    forgetAddress: (userNid, { address }) => deleteMailPusherStatements(userNid, address),
  };
}

/** As Synapse: where the operator gives no address, clients are taken to come to the server's name. */
export function baseUrlOf({ server }: Config): string {
  return server.publicBaseurl ?? `https://${server.serverName}/`;
}
