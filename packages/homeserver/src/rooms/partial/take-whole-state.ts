import type { Pdu } from '@soma/protocol';
import { parseUserId, serverNameOf } from '@soma/protocol';

import { Turns } from '../../streams/turns.ts';
import { readEvent } from '../event-store.ts';
import type { CheckedPdu } from '../inbound/check-pdu.ts';
import { ImportRefused } from '../inbound/room-intake.ts';
import { eventAt } from '../inbound/states.ts';
import { storeOutliers } from '../inbound/store-outliers.ts';
import type { StoredOutlier } from '../inbound/store-outliers.ts';
import { storeWholeState } from '../inbound/store-whole-state.ts';
import type { StateEntry } from '../inbound/store-whole-state.ts';
import {
  checkAll,
  checkCreateEvent,
  entriesOf,
  judgeJoin,
  stateOf,
} from '../inbound/told-state.ts';
import { readPartialHead } from '../partial-room-store.ts';
import type { Snapshot } from '../state-store.ts';
import type { ToldState } from './ask-whole-state.ts';
import type { FillingContext, RoomToFill } from './filling-context.ts';

/**
 * Checks what a server tells as the state before a join, and stores it. It must hold all that was told with the answer to the
 * join, and allow the join. Throws {@link ImportRefused}.
 *
 * @param isStrict whether it must have members of every server that was named then
 */
export async function takeWholeState(
  context: FillingContext,
  room: RoomToFill,
  server: string,
  told: ToldState,
  isStrict: boolean,
): Promise<Snapshot> {
  const { rooms } = context;
  const { roomId, version, partial } = room;
  await context.keyRing.prepare(told.keys.all());
  const events = new Map<string, CheckedPdu>();
  const asked = { roomId, version, resident: server };
  const stateIds = await checkAll(context, asked, told.state, events);
  await checkAll(context, asked, told.authChain, events);
  checkCreateEvent(events, stateIds, version);
  const stored = await storeOutliers(context, partial.roomNid, version, [...events.values()]);
  const state = await stateOf(stateIds, stored);
  const entries = await entriesOf(context, state);
  await checkAgainstPart(context, room, entries);
  if (isStrict) await checkServers(rooms, room, server, state);
  const row = await readEvent(rooms.database.reader, partial.joinEventNid);
  if (row === undefined) throw new Error(`event ${partial.joinEventNid} is missing`);
  const pdu: Pdu = JSON.parse(row.json);
  const join = { pdu, eventId: room.joinEventId };
  judgeJoin(context, version, join, state, stored);
  return storeWholeState(rooms, partial.roomNid, entries);
}

/** What was in the state when the join was answered must be in it now: it is the same state. */
async function checkAgainstPart(
  { rooms }: FillingContext,
  { partial: { roomNid } }: RoomToFill,
  entries: readonly StateEntry[],
): Promise<void> {
  const head = await readPartialHead(rooms.database.reader, roomNid);
  const part = await rooms.states.read(head?.rootNid ?? 0);
  const whole = new Map(entries.map(({ stateKeyNid, eventNid }) => [stateKeyNid, eventNid]));
  for (const stateKeyNid of part.keyNids) {
    if (whole.get(stateKeyNid) === eventAt(part, stateKeyNid)) continue;
    const { type } = await rooms.names.stateKeys.pair(stateKeyNid);
    throw new ImportRefused(`the state lacks an event of ${type} that was in it at the join`);
  }
}

/** A state from which members are missing has none of some server. */
async function checkServers(
  { serverName }: FillingContext['rooms'],
  { partial: { resident, serversInRoom } }: RoomToFill,
  server: string,
  state: readonly StoredOutlier[],
): Promise<void> {
  const turns = new Turns();
  // Who was let in already when asked again may have been told of itself.
  const present = new Set<string>([serverName]);
  for (const { checked } of state) {
    await turns.next();
    const { type, state_key: stateKey, content } = checked.pdu;
    if (type !== 'm.room.member' || content['membership'] !== 'join') continue;
    const userId = parseUserId(stateKey);
    if (userId !== undefined) present.add(serverNameOf(userId));
  }
  const missing = [resident, server, ...serversInRoom].find((name) => !present.has(name));
  if (missing !== undefined) throw new ImportRefused(`the state has no member of ${missing}`);
}
