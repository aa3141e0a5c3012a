import type { FederationClient } from '../../federation-client/federation-client.ts';
import type { KeyRing } from '../../federation-client/keys/key-ring.ts';
import type { Logger } from '../../telemetry/logger.ts';
import type { Rooms } from '../rooms.ts';
import { addOutliers } from './add-outliers.ts';
import { backfillRoom } from './backfill-room.ts';
import { importRoom } from './import-room.ts';
import type { InboundContext } from './inbound-context.ts';
import { receiveEvent } from './receive-event.ts';
import { receiveRun } from './receive-run.ts';
import type { RoomIntake } from './room-intake.ts';

export interface RoomIntakeOptions {
  readonly rooms: Rooms;
  readonly keyRing: Pick<KeyRing, 'verify'>;
  readonly client: Pick<FederationClient, 'requestJson'>;
  readonly logger: Logger;
  /** Called when a room was joined without its members, through this resident server. */
  readonly joinedInPart: (roomNid: number, resident: string) => void;
}

export function openRoomIntake({ joinedInPart, ...options }: RoomIntakeOptions): RoomIntake {
  const closing = new AbortController();
  const context: InboundContext = { ...options, signal: closing.signal };
  return {
    receive: (reception) => receiveEvent(context, reception),
    receiveRun: (receptions) => receiveRun(context, receptions),
    importRoom: async (room) => {
      const imported = await importRoom(context, room);
      if (room.partial !== undefined) joinedInPart(imported.roomNid, room.resident);
      return imported;
    },
    addOutliers: (outliers) => addOutliers(context, outliers),
    backfill: (backfill) => backfillRoom(context, backfill),
    close: () => closing.abort(),
  };
}
