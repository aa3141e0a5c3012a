import type { Config } from './config/config.ts';
import { somaVersion } from './config/soma-version.ts';
import { Destinations } from './federation-client/destinations.ts';
import { SrvRecords, systemSrvResolver } from './federation-client/discovery/srv-records.ts';
import { WellKnown } from './federation-client/discovery/well-known.ts';
import { FederationClient } from './federation-client/federation-client.ts';
import type { FederationClientOptions } from './federation-client/federation-client.ts';
import { FederationTls } from './federation-client/federation-tls.ts';
import { FederationTransport } from './federation-client/federation-transport.ts';
import { usableNotaries } from './federation-client/keys/fetch-keys.ts';
import { KeyRing } from './federation-client/keys/key-ring.ts';
import { Notary } from './federation-client/keys/notary.ts';
import { ownKeys as openOwnKeys } from './federation-client/keys/own-keys.ts';
import type { OwnKeys } from './federation-client/keys/own-keys.ts';
import { fetchRemoteMedia } from './federation-client/media/fetch-remote-media.ts';
import type {
  RemoteMedia,
  RemoteMediaOptions,
} from './federation-client/media/fetch-remote-media.ts';
import { authenticateRequest } from './federation/authenticate-request.ts';
import type { AuthenticateServer } from './http/authenticate.ts';
import { addressPolicy } from './outbound/address-policy.ts';
import type { AddressRanges } from './outbound/address-policy.ts';
import { Connections } from './outbound/connections.ts';
import { defaultLimits } from './outbound/limits.ts';
import { OutboundClient } from './outbound/outbound-client.ts';
import { systemResolver } from './outbound/system-resolver.ts';
import type { Database } from './storage/database.ts';
import type { Logger } from './telemetry/logger.ts';

/** This server among others: how it reaches them, and how they prove themselves. */
export interface Federation {
  readonly client: FederationClient;
  readonly keyRing: KeyRing;
  readonly ownKeys: OwnKeys;
  readonly notary: Notary;
  readonly destinations: Destinations;
  /** A media file of another server, as a stream. Throws a FederationError. */
  fetchRemoteMedia(
    serverName: string,
    mediaId: string,
    options: RemoteMediaOptions,
  ): Promise<RemoteMedia>;
  readonly authenticateServer: AuthenticateServer;
  close(): Promise<void>;
}

export interface FederationParts {
  readonly config: Config;
  readonly database: Database;
  readonly logger: Logger;
  readonly now: () => number;
  /** In place of the network, for servers that share a process. */
  readonly transport?: FederationClientOptions['transport'] | undefined;
}

/** Opens what other servers are reached by; nothing is connected to before it is needed. */
export function openFederation(parts: FederationParts): Federation {
  const { config, database, logger, now } = parts;
  const { serverName } = config.server;
  const userAgent = `Soma/${somaVersion()}`;
  const destinations = openDestinations(parts);
  const tls = new FederationTls(config.federation);
  const addresses = federationAddresses(config);
  const { proxy } = config.outbound;
  const http = new OutboundClient({ addresses, userAgent, proxy, tls: () => tls.settings });
  const connections = new Connections({
    policy: addressPolicy(addresses),
    resolveHost: systemResolver,
    proxy,
    connectTimeoutMs: defaultLimits.connectMs,
  });
  const random = Math.random;
  const discovery = {
    wellKnown: new WellKnown({ http, now, random }),
    srv: new SrvRecords(systemSrvResolver, now, random),
  };
  const { current } = config.signingKeys;
  const client = new FederationClient({
    signer: { serverName, keyId: current.keyId, sign: current.sign },
    transport: parts.transport ?? new FederationTransport({ discovery, connections, tls }),
    destinations,
    userAgent,
    settings: config.federation,
    random,
  });
  const ownKeys = openOwnKeys(serverName, config.signingKeys, now);
  const keyRing = new KeyRing({
    own: ownKeys,
    client,
    notaries: usableNotaries(
      config.trustedKeyServers,
      serverName,
      config.federation.verifyCertificates,
    ),
    database,
    now,
    reportFailure: (server, error) => logger.info({ server, err: error }, 'keys not fetched'),
  });
  destinations.onUp((server) => keyRing.forgetFailures(server));
  const authenticator = {
    serverName,
    keyRing,
    allows: (server: string) => client.allows(server),
    heardFrom: (server: string) => {
      destinations.heardFrom(server).catch((error: unknown) => {
        logger.error({ server, err: error }, 'destination not read');
      });
    },
  };
  return {
    client,
    keyRing,
    ownKeys,
    notary: new Notary({ own: ownKeys, keyRing, database, now }),
    destinations,
    fetchRemoteMedia: (server, mediaId, options) =>
      fetchRemoteMedia({ federation: client, http }, server, mediaId, options),
    authenticateServer: (request) => authenticateRequest(request, authenticator),
    close: async () => {
      await Promise.all([connections.close(), http.close()]);
      await destinations.close();
    },
  };
}

function openDestinations({ config, database, logger, now }: FederationParts): Destinations {
  const { federation } = config;
  return new Destinations({
    database,
    now,
    random: Math.random,
    retryIntervalMsMin: federation.destinationRetryIntervalMsMin,
    retryIntervalMsMax: federation.destinationRetryIntervalMsMax,
    retryMultiplier: federation.destinationRetryMultiplier,
    reportFault: (error) => logger.error({ err: error }, 'destination not written'),
  });
}

/** Where other homeservers may be; the older option stands alone (see its description). */
function federationAddresses({ federation, outbound }: Config): AddressRanges {
  const { ipRangeBlacklist } = federation;
  if (ipRangeBlacklist !== undefined) return { blacklist: ipRangeBlacklist, whitelist: [] };
  return { blacklist: outbound.ipRangeBlacklist, whitelist: outbound.ipRangeWhitelist };
}
