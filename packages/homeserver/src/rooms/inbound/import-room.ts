import { authEventIds } from '@soma/protocol';

import type { CheckedPdu } from './check-pdu.ts';
import { finishImport } from './finish-import.ts';
import type { InboundContext } from './inbound-context.ts';
import { ImportRefused } from './room-intake.ts';
import type { ImportedRoom, RoomToImport } from './room-intake.ts';
import { storeOutliers } from './store-outliers.ts';
import type { StoredOutlier } from './store-outliers.ts';
import { storeWholeState } from './store-whole-state.ts';
import {
  checkAll,
  checkCreateEvent,
  checkOf,
  entriesOf,
  judgeJoin,
  stateOf,
} from './told-state.ts';

/** Makes a room of this server of the answer to a join. Throws {@link ImportRefused}. */
export async function importRoom(
  context: InboundContext,
  room: RoomToImport,
): Promise<ImportedRoom> {
  const { rooms } = context;
  const { roomId, version } = room;
  const join = await checkOf(context, room, room.joinEvent);
  if (!join.ok) throw new ImportRefused(`the join event cannot be taken: ${join.reason}`);
  const events = new Map<string, CheckedPdu>();
  const stateIds = await checkAll(context, room, room.state, events);
  await checkAll(context, room, room.authChain, events);
  const roomNid = await rooms.names.rooms.intern(roomId);
  const known = await rooms.versions.of(rooms.database.reader, roomNid);
  if (known !== undefined && known.id !== version.id) {
    throw new ImportRefused('the room is known with another version');
  }
  checkCreateEvent(events, stateIds, version);
  const stored = await storeOutliers(context, roomNid, version, [...events.values()]);
  const state = await stateOf(stateIds, stored);
  if (room.partial !== undefined) state.push(...membersListed(join, state, stored));
  judgeJoin(context, version, join, state, stored);
  const snapshot = await storeWholeState(rooms, roomNid, await entriesOf(context, state));
  const authEventNids = authEventIds(join.pdu).flatMap((id) => stored.get(id)?.eventNid ?? []);
  const { resident, partial } = room;
  return finishImport(context, {
    roomNid,
    roomId,
    version,
    resident,
    join,
    state,
    snapshot,
    authEventNids,
    partial,
  });
}

/** Member events that the join lists, and which were therefore in the state before it, though it was told without them. */
function membersListed(
  join: CheckedPdu,
  state: readonly StoredOutlier[],
  stored: ReadonlyMap<string, StoredOutlier>,
): StoredOutlier[] {
  const told = new Set(state.filter(isMember).map(({ checked: { pdu } }) => pdu.state_key));
  return authEventIds(join.pdu)
    .flatMap((id) => stored.get(id) ?? [])
    .filter((event) => isMember(event) && event.rejectedBy === undefined)
    .filter(({ checked: { pdu } }) => !told.has(pdu.state_key));
}

function isMember({ checked: { pdu } }: StoredOutlier): boolean {
  return pdu.type === 'm.room.member' && pdu.state_key !== undefined;
}
