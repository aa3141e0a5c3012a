import { authEventIds, authorise, roomVersion } from '@soma/protocol';
import type { AuthState, Pdu, RoomVersion } from '@soma/protocol';

import { Turns } from '../turns.ts';
import { authState, keysThatAuthorise } from './auth-state.ts';
import { checkPdu } from './check-pdu.ts';
import type { CheckedPdu, GivenPdu, RefusedGivenPdu } from './check-pdu.ts';
import { finishImport } from './finish-import.ts';
import type { InboundContext } from './inbound-context.ts';
import { judgeByAuthEvents } from './judge-event.ts';
import { checkedListsAtOnce, checkedTogether, namesAtOnce } from './limits.ts';
import { ImportRefused } from './room-intake.ts';
import type { ImportedRoom, RoomToImport } from './room-intake.ts';
import { storeOutliers } from './store-outliers.ts';
import type { StoredOutlier } from './store-outliers.ts';
import { storeWholeState } from './store-whole-state.ts';
import type { StateEntry } from './store-whole-state.ts';

/** Makes a room of this server of the answer to a join. Throws {@link ImportRefused}. */
export async function importRoom(
  context: InboundContext,
  room: RoomToImport,
): Promise<ImportedRoom> {
  const { rooms } = context;
  const { roomId, version } = room;
  if (room.partial !== undefined) throw new ImportRefused('a partial state is not enough yet');
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
  const state = stateOf(stateIds, stored);
  judgeJoin(context, version, join, state, stored);
  const snapshot = await storeWholeState(rooms, roomNid, await entriesOf(context, state));
  const authEventNids = authEventIds(join.pdu).flatMap((id) => stored.get(id)?.eventNid ?? []);
  const { resident } = room;
  return finishImport(context, {
    roomNid,
    version,
    resident,
    join,
    state,
    snapshot,
    authEventNids,
  });
}

async function checkOf(
  context: InboundContext,
  { roomId, version }: RoomToImport,
  given: GivenPdu,
) {
  const checks = { keyRing: context.keyRing, sha256: context.rooms.signer.sha256 };
  const checked = await checkPdu(checks, given, version);
  if (!checked.ok || checked.roomId === roomId) return checked;
  return { ok: false, eventId: checked.eventId, reason: 'it is of another room' } as const;
}

/** Adds what can be believed to `events`, and returns its IDs. */
async function checkAll(
  context: InboundContext,
  room: RoomToImport,
  given: readonly GivenPdu[],
  events: Map<string, CheckedPdu>,
): Promise<string[]> {
  const ids: string[] = [];
  for (const checked of await checkEvents(context, room, given)) {
    if (checked.ok) {
      events.set(checked.eventId, checked);
      ids.push(checked.eventId);
    } else {
      const { resident: server, roomId } = room;
      context.logger.warn(
        { server, room: roomId, reason: checked.reason },
        'event left out of a join',
      );
    }
  }
  return ids;
}

/** The verdicts in the order of the events. */
async function checkEvents(
  context: InboundContext,
  room: RoomToImport,
  given: readonly GivenPdu[],
): Promise<(CheckedPdu | RefusedGivenPdu)[]> {
  const lists: (CheckedPdu | RefusedGivenPdu)[][] = [];
  let next = 0;
  const work = async (): Promise<void> => {
    const turns = new Turns();
    while (next < given.length) {
      const start = next;
      next += checkedTogether;
      const list = given.slice(start, next).map((pdu) => checkOf(context, room, pdu));
      lists[start / checkedTogether] = await Promise.all(list);
      await turns.next();
    }
  };
  await Promise.all(Array.from({ length: checkedListsAtOnce }, work));
  return lists.flat();
}

/** The state must have one create event, of the version that the room is joined with. */
function checkCreateEvent(
  events: ReadonlyMap<string, CheckedPdu>,
  stateIds: readonly string[],
  version: RoomVersion,
): void {
  const create = stateIds
    .flatMap((id) => events.get(id) ?? [])
    .find(({ pdu }) => pdu.type === 'm.room.create' && pdu.state_key === '');
  if (create === undefined) throw new ImportRefused('the state has no create event');
  const { room_version: id = '1' } = create.pdu.content;
  if (typeof id !== 'string' || roomVersion(id)?.id !== version.id) {
    throw new ImportRefused('the create event is of another room version');
  }
}

/** The events that hold, each under a key of its own. */
function stateOf(
  stateIds: readonly string[],
  stored: ReadonlyMap<string, StoredOutlier>,
): StoredOutlier[] {
  const byKey = new Map<string, StoredOutlier>();
  for (const id of stateIds) {
    const event = stored.get(id);
    if (event === undefined || event.rejectedBy !== undefined) continue;
    const { type, state_key: stateKey } = event.checked.pdu;
    if (stateKey === undefined)
      throw new ImportRefused(`the state has ${id}, which is no state event`);
    const key = JSON.stringify([type, stateKey]);
    const other = byKey.get(key);
    if (other !== undefined && other.eventNid !== event.eventNid) {
      throw new ImportRefused(`the state has two events of ${type} under one key`);
    }
    byKey.set(key, event);
  }
  return [...byKey.values()];
}

async function entriesOf(
  { rooms }: InboundContext,
  state: readonly StoredOutlier[],
): Promise<StateEntry[]> {
  const entries: StateEntry[] = [];
  for (let start = 0; start < state.length; start += namesAtOnce) {
    const piece = state.slice(start, start + namesAtOnce).map(async ({ checked, eventNid }) => {
      const { type, state_key: stateKey = '' } = checked.pdu;
      return { stateKeyNid: await rooms.names.stateKeys.intern(type, stateKey), eventNid };
    });
    entries.push(...(await Promise.all(piece)));
  }
  return entries;
}

/** The join must be allowed by the events that it lists and by the state. */
function judgeJoin(
  { rooms }: InboundContext,
  version: RoomVersion,
  join: CheckedPdu,
  state: readonly StoredOutlier[],
  stored: ReadonlyMap<string, StoredOutlier>,
): void {
  const event = toAuthEvent(join);
  const listed = authEventIds(join.pdu).map((id) => {
    const found = stored.get(id);
    if (found === undefined) throw new ImportRefused('an auth event of the join is missing');
    return {
      ...toAuthEvent(found.checked),
      ...(found.rejectedBy === undefined ? {} : { rejected: true }),
    };
  });
  const keys = keysThatAuthorise(event, version).map((key) => key.join('\n'));
  const wanted = new Set(keys);
  const authorising = state
    .map(({ checked }) => checked)
    .filter(({ pdu }) => wanted.has(`${pdu.type}\n${pdu.state_key}`));
  const current: AuthState = authState(authorising.map(toAuthEvent));
  const create = current.get('m.room.create', '');
  const byAuthEvents = judgeByAuthEvents(rooms, { version }, event, listed, create);
  const byState = authorise(event, current, version, { verify: rooms.verify });
  const reason = byAuthEvents?.reason ?? (byState.allowed ? undefined : byState.reason);
  if (reason !== undefined) throw new ImportRefused(`the join is not allowed: ${reason}`);
}

function toAuthEvent({ pdu, eventId }: CheckedPdu): Pdu & { eventId: string } {
  return { ...pdu, eventId };
}
