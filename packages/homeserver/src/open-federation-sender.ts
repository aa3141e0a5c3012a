import type { Encryption } from './e2ee/encryption.ts';
import { readKeysForServers } from './e2ee/keys-for-servers.ts';
import type { Typing } from './ephemeral/typing.ts';
import { DeviceListLog } from './federation-sender/device-list-log.ts';
import { FederationSender } from './federation-sender/federation-sender.ts';
import { OutboundLog } from './federation-sender/outbound-log.ts';
import { PresenceEdus } from './federation-sender/presence-edus.ts';
import type { PresenceEdusOptions } from './federation-sender/presence-edus.ts';
import { ReceiptPace } from './federation-sender/receipt-pace.ts';
import { ServersAlongLog } from './federation-sender/servers-along-log.ts';
import { TypingEdus } from './federation-sender/typing-edus.ts';
import type { Federation, FederationParts } from './open-federation.ts';
import type { OpenPresence } from './open-presence.ts';
import type { Rooms } from './rooms/rooms.ts';
import { LogFollower } from './streams/log-follower.ts';

export interface FederationSenderParts extends FederationParts {
  readonly rooms: Rooms;
  readonly federation: Federation;
  readonly typing: Typing;
  readonly presence: OpenPresence;
  readonly encryption: Encryption;
}

export interface OpenFederationSender {
  /** As {@link FederationSender.tellAgain}, of all that was said up to now. */
  tellAgain: FederationSender['tellAgain'];
  close(): Promise<void>;
}

/** Sends to other servers whatever happens here that concerns them, until it is closed. */
export async function openFederationSender(
  parts: FederationSenderParts,
): Promise<OpenFederationSender> {
  const { config, database, logger, now, rooms, federation, typing } = parts;
  const { client, destinations } = federation;
  const { serverName } = config.server;
  const { names } = rooms;
  const servers = new ServersAlongLog(database, serverName);
  const settings = config.federation;
  const sender = new FederationSender({
    serverName,
    client,
    destinations,
    servers,
    database,
    settings,
    logger,
    now,
    random: Math.random,
    retryIntervalMsMin: settings.destinationRetryIntervalMsMin,
  });
  const receiptPace = new ReceiptPace(sender, settings.receiptTransactionsPerSecond);
  const reportFault = (error: unknown): void => {
    logger.error({ err: error }, 'other servers were not told of typing or presence');
  };
  const shared = { servers, sender, serverName, reportFault };
  const typingEdus = new TypingEdus({ ...shared, typing, rooms: names.rooms });
  const presenceEdus = presenceEdusOf(parts, shared);
  sender.start();
  const allows = (name: string): boolean => client.allows(name);
  const outboundLog = new OutboundLog({
    serverName,
    servers,
    sender,
    receiptPace,
    allows,
    arrived: (roomNid, arrivals) => presenceEdus?.arrived(roomNid, arrivals),
  });
  const follower = await LogFollower.open(database, logger, outboundLog);
  const deviceListLog = new DeviceListLog({
    users: names.users,
    serverName,
    servers,
    sender,
    allows,
    keysOf: (reader, user) => readKeysForServers(parts.encryption, reader, user),
  });
  const deviceListFollower = await LogFollower.open(database, logger, deviceListLog);
  return {
    tellAgain: async (name, pdu) => {
      await follower.catchUp();
      await sender.tellAgain(name, pdu);
    },
    close: async () => {
      typingEdus.close();
      presenceEdus?.close();
      receiptPace.close();
      await deviceListFollower.close();
      await follower.close();
      await sender.close();
    },
  };
}

/** Undefined where nobody's presence is told. */
function presenceEdusOf(
  { database, rooms, presence: { presence, source } }: FederationSenderParts,
  shared: Pick<PresenceEdusOptions, 'servers' | 'sender' | 'serverName' | 'reportFault'>,
): PresenceEdus | undefined {
  if (presence === undefined) return undefined;
  return new PresenceEdus({
    ...shared,
    presence,
    contentOf: (userNid) => source.contentOf(userNid),
    database,
    users: rooms.names.users,
  });
}
