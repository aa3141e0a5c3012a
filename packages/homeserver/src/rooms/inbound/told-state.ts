import { authEventIds, authorise, roomVersion } from '@soma/protocol';
import type { AuthState, Pdu, RoomVersion } from '@soma/protocol';

import { Turns } from '../../streams/turns.ts';
import { authState, keysThatAuthorise } from './auth-state.ts';
import { checkPdu } from './check-pdu.ts';
import type { CheckedPdu, GivenPdu, RefusedGivenPdu } from './check-pdu.ts';
import type { InboundContext } from './inbound-context.ts';
import { judgeByAuthEvents } from './judge-event.ts';
import { checkedListsAtOnce, checkedTogether, namesAtOnce } from './limits.ts';
import { ImportRefused } from './room-intake.ts';
import type { StoredOutlier } from './store-outliers.ts';
import type { StateEntry } from './store-whole-state.ts';

/** A room whose state another server tells. */
export interface ToldRoom {
  readonly roomId: string;
  readonly version: RoomVersion;
  /** The server that tells it. */
  readonly resident: string;
}

/** A join, as far as it is judged. */
export interface JoinToJudge {
  readonly pdu: Pdu;
  readonly eventId: string;
}

/** Checks 1 to 3, and that the event is of the room. */
export async function checkOf(
  context: InboundContext,
  { roomId, version }: ToldRoom,
  given: GivenPdu,
): Promise<CheckedPdu | RefusedGivenPdu> {
  const checks = { keyRing: context.keyRing, sha256: context.rooms.signer.sha256 };
  const checked = await checkPdu(checks, given, version);
  if (!checked.ok || checked.roomId === roomId) return checked;
  return { ok: false, eventId: checked.eventId, reason: 'it is of another room' };
}

/** Adds what can be believed to `events`, and returns its IDs. */
export async function checkAll(
  context: InboundContext,
  room: ToldRoom,
  given: readonly GivenPdu[],
  events: Map<string, CheckedPdu>,
): Promise<string[]> {
  const ids: string[] = [];
  const turns = new Turns();
  for (const checked of await checkEvents(context, room, given)) {
    await turns.next();
    if (checked.ok) {
      events.set(checked.eventId, checked);
      ids.push(checked.eventId);
    } else {
      const { resident: server, roomId } = room;
      context.logger.warn(
        { server, room: roomId, reason: checked.reason },
        'event left out of a room',
      );
    }
  }
  return ids;
}

/** The verdicts in the order of the events. */
async function checkEvents(
  context: InboundContext,
  room: ToldRoom,
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
export function checkCreateEvent(
  events: ReadonlyMap<string, CheckedPdu>,
  stateIds: readonly string[],
  version: RoomVersion,
): void {
  const createId = stateIds.find((id) => isCreate(events.get(id)));
  const create = createId === undefined ? undefined : events.get(createId);
  if (create === undefined) throw new ImportRefused('the state has no create event');
  const { room_version: id = '1' } = create.pdu.content;
  if (typeof id !== 'string' || roomVersion(id)?.id !== version.id) {
    throw new ImportRefused('the create event is of another room version');
  }
}

function isCreate(event: CheckedPdu | undefined): boolean {
  return event?.pdu.type === 'm.room.create' && event.pdu.state_key === '';
}

/** The events that hold, each under a key of its own. */
export async function stateOf(
  stateIds: readonly string[],
  stored: ReadonlyMap<string, StoredOutlier>,
): Promise<StoredOutlier[]> {
  const turns = new Turns();
  const byKey = new Map<string, StoredOutlier>();
  for (const id of stateIds) {
    await turns.next();
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

export async function entriesOf(
  { rooms }: InboundContext,
  state: readonly StoredOutlier[],
): Promise<StateEntry[]> {
  const turns = new Turns();
  const entries: StateEntry[] = [];
  for (let start = 0; start < state.length; start += namesAtOnce) {
    const piece = state.slice(start, start + namesAtOnce).map(async ({ checked, eventNid }) => {
      const { type, state_key: stateKey = '' } = checked.pdu;
      return { stateKeyNid: await rooms.names.stateKeys.intern(type, stateKey), eventNid };
    });
    entries.push(...(await Promise.all(piece)));
    await turns.next();
  }
  return entries;
}

/** The join must be allowed by the events that it lists and by the state. */
export function judgeJoin(
  { rooms }: InboundContext,
  version: RoomVersion,
  join: JoinToJudge,
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
  const keys = keysThatAuthorise(event, version);
  const authorising = state.filter(({ checked: { pdu } }) =>
    keys.some(([type, stateKey]) => pdu.state_key === stateKey && pdu.type === type),
  );
  const current: AuthState = authState(authorising.map(({ checked }) => toAuthEvent(checked)));
  const create = current.get('m.room.create', '');
  const byAuthEvents = judgeByAuthEvents(rooms, { version }, event, listed, create);
  const byState = authorise(event, current, version, { verify: rooms.verify });
  const reason = byAuthEvents?.reason ?? (byState.allowed ? undefined : byState.reason);
  if (reason !== undefined) throw new ImportRefused(`the join is not allowed: ${reason}`);
}

function toAuthEvent({ pdu, eventId }: JoinToJudge): Pdu & { eventId: string } {
  return { ...pdu, eventId };
}
