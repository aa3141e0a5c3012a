import type { Accounts } from './accounts/accounts.ts';
import { IdentityServers } from './accounts/three-pids/identity-servers.ts';
import type { ThreePids } from './accounts/three-pids/three-pids.ts';
import type { ClientServices } from './client-server/services.ts';
import { baseUrlOf } from './config/base-url.ts';
import type { Config } from './config/config.ts';
import { somaVersion } from './config/soma-version.ts';
import { MailTemplates } from './mail/mail-templates.ts';
import { Mailer } from './mail/mailer.ts';
import { openPush } from './open-push.ts';
import { OutboundClient } from './outbound/outbound-client.ts';
import type { PushRules } from './push/push-rules.ts';
import { addMailPusher } from './push/pushers/add-mail-pusher.ts';
import { deleteMailPusherStatements } from './push/pushers/pusher-store.ts';
import type { Logger } from './telemetry/logger.ts';

/** What reaches people outside of Matrix: mail, push gateways and identity servers. */
export interface Outreach {
  readonly services: Pick<ClientServices, 'threePids' | 'pushers' | 'notifyByMail'>;
  close(): Promise<void>;
}

export interface OutreachParts {
  readonly config: Config;
  readonly logger: Logger;
  readonly accounts: Accounts;
  readonly pushRules: PushRules;
  readonly now: () => number;
}

export async function openOutreach(parts: OutreachParts): Promise<Outreach> {
  const { config, logger, accounts } = parts;
  const http = outboundClient(config);
  const mailer = openMailer(config, logger);
  const baseUrl = baseUrlOf(config.server);
  const push = await openPush({ ...parts, http, mailer, baseUrl });
  return {
    services: {
      threePids: openThreePids(accounts, config, mailer, http, baseUrl),
      pushers: push.pushers,
      notifyByMail: (userNid, address) => addMailPusher(push.pushers, userNid, address),
    },
    close: async () => {
      await push.close();
      mailer?.close();
      await http.close();
    },
  };
}

/** For what is no homeserver and somebody outside has chosen: push gateways, identity servers. */
function outboundClient({ outbound }: Config): OutboundClient {
  const { ipRangeBlacklist: blacklist, ipRangeWhitelist: whitelist, proxy } = outbound;
  const userAgent = `Soma/${somaVersion()}`;
  return new OutboundClient({ addresses: { blacklist, whitelist }, userAgent, proxy });
}

/** Undefined where the operator has given no way of mails. */
function openMailer({ email, server }: Config, logger: Logger): Mailer | undefined {
  if (email.mail === undefined) return undefined;
  const templates = new MailTemplates(email.customTemplateDirectory, (message) =>
    logger.warn(message),
  );
  return new Mailer(email.mail, server.serverName, templates);
}

function openThreePids(
  accounts: Accounts,
  config: Config,
  mailer: Mailer | undefined,
  http: OutboundClient,
  baseUrl: string,
): ThreePids {
  const { serverName } = config.server;
  const { keyId, sign } = config.signingKeys.current;
  return {
    accounts,
    config: config.threePids,
    mailer,
    baseUrl,
    identityServers: new IdentityServers(http, { serverName, keyId, sign }),
    forgetAddress: (userNid, { address }) => deleteMailPusherStatements(userNid, address),
  };
}
