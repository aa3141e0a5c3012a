import type { Config } from './config/config.ts';
import type { EduHandlers } from './federation/edus/edu-handlers.ts';
import { RoomPasts } from './federation/history/room-pasts.ts';
import { Inbox } from './federation/inbox/inbox.ts';
import { Transactions } from './federation/inbox/receive-transaction.ts';
import { DummyEvents } from './membership/dummy-events.ts';
import { RoomServers } from './membership/room-servers.ts';
import type { Federation } from './open-federation.ts';
import { openRoomIntake } from './rooms/inbound/open-room-intake.ts';
import type { RoomIntake } from './rooms/inbound/room-intake.ts';
import { RoomFilling } from './rooms/partial/room-filling.ts';
import type { Rooms } from './rooms/rooms.ts';
import type { Logger } from './telemetry/logger.ts';

/** How events of other servers come in. */
export interface Inbound {
  readonly intake: RoomIntake;
  readonly transactions: Transactions;
  readonly roomServers: RoomServers;
  readonly pasts: RoomPasts;
  close(): Promise<void>;
}

/** Opens what takes in events, and goes on with those that a stop has left waiting. */
export async function openInbound(
  rooms: Rooms,
  { client, keyRing }: Pick<Federation, 'client' | 'keyRing'>,
  edus: EduHandlers,
  { config, logger }: { readonly config: Config; readonly logger: Logger },
): Promise<Inbound> {
  const filling = new RoomFilling({ rooms, keyRing, client, logger });
  const intake = openRoomIntake({
    rooms,
    keyRing,
    client,
    logger,
    joinedInPart: (roomNid, resident) => filling.start(roomNid, resident),
  });
  const inbox = await Inbox.open({ rooms, intake, logger });
  const transactions = new Transactions({ rooms, keyRing, inbox, edus });
  const roomServers = new RoomServers(rooms.database);
  const { cleanupExtremitiesWithDummyEvents, dummyEventsThreshold: endsMax } = config.rooms;
  const dummyEvents = new DummyEvents({ rooms, roomServers, logger, endsMax });
  await filling.resume();
  if (cleanupExtremitiesWithDummyEvents) await dummyEvents.start();
  return {
    intake,
    transactions,
    roomServers,
    pasts: new RoomPasts({ rooms, roomServers, intake, client }),
    close: async () => {
      intake.close();
      await filling.close();
      await inbox.close();
      await dummyEvents.close();
    },
  };
}
