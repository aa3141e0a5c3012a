import type { Reader } from '../storage/sql.ts';
import { pdusPerTransactionMax } from './limits.ts';
import { readRoomsBehind } from './outbox-rooms-store.ts';
import { readNewest, readPdus } from './pdu-store.ts';
import type { OutgoingPdu } from './pdu-store.ts';
import type { ServersAlongLog } from './servers-along-log.ts';

/** Events of a transaction, and up to which position the destination then has all that it was to get. */
export interface PduStretch {
  readonly pdus: readonly OutgoingPdu[];
  readonly sentUpTo: number | undefined;
}

/**
 * The newest events of up to so many rooms that a destination is behind in, those that it waits for longest first;
 * undefined when there is no such room. One room at least is whole, however many ends it has.
 */
export async function readNewestOfRooms(
  reader: Reader,
  servers: ServersAlongLog,
  serverName: string,
  roomsMax: number,
): Promise<PduStretch | undefined> {
  const { rooms, sentPosition } = await readRoomsBehind(reader, serverName, roomsMax);
  const nids: number[] = [];
  let sentUpTo: number | undefined;
  for (const room of rooms) {
    const isInRoom = await servers.has(room.roomNid, serverName);
    const newest = await readNewest(reader, room, sentPosition, isInRoom);
    if (sentUpTo !== undefined && nids.length + newest.length > pdusPerTransactionMax) break;
    nids.push(...newest.slice(0, pdusPerTransactionMax));
    sentUpTo = room.lastOrder;
  }
  return sentUpTo === undefined ? undefined : { pdus: await readPdus(reader, nids), sentUpTo };
}
