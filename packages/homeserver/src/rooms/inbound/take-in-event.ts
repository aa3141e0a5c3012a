import { authEventIds, prevEventIds, redactContent } from '@soma/protocol';

import type { Submitted } from '../../storage/change.ts';
import { PREDECESSOR } from '../../storage/change.ts';
import { ChangeRefused } from '../../storage/database.ts';
import type { Reader } from '../../storage/sql.ts';
import { readAuthNids } from '../edge-store.ts';
import { headEntryOf } from '../event-place.ts';
import type { EventPlace } from '../event-place.ts';
import { EventFlag, readEventNid } from '../event-store.ts';
import {
  backwardExtremityStatement,
  endBackwardExtremityStatement,
  hasAcceptedChild,
  isServerInRoom,
  newEventGuard,
  outlierGuard,
  readGraphRow,
  readGraphRows,
} from '../graph-store.ts';
import type { GraphRow } from '../graph-store.ts';
import { internEventIds } from '../intern-event-ids.ts';
import type { EventToPersist } from '../persist-event.ts';
import type { PreparedEvent } from '../prepared-event.ts';
import type { PartialHead, RoomHead } from '../room-head.ts';
import { runBody } from '../room-write.ts';
import type { RoomWrite } from '../room-write.ts';
import { readAuthEvents } from './auth-state.ts';
import type { CheckedPdu } from './check-pdu.ts';
import type { InboundContext } from './inbound-context.ts';
import { internEvent } from './intern-event.ts';
import { askPolicyServer, judgeByPolicy } from './judge-by-policy.ts';
import type { PolicyAnswer, Unsigned } from './judge-by-policy.ts';
import { judgeEvent } from './judge-event.ts';
import type { Judgement } from './judge-event.ts';
import { replacementStepsMax } from './limits.ts';
import { placeEvent } from './place-event.ts';
import type { EventToPlace } from './place-event.ts';
import { decideWaitingRedactions, effectOfRedaction } from './redactions.ts';
import type { NotReceived, PlacedEvent, Received, Reception } from './room-intake.ts';
import { mergeStates, storedState } from './state-references.ts';
import type { StateReference } from './state-references.ts';

/** How a checked event is taken in. */
export interface TakeIn {
  /** The server that sent it. */
  readonly origin: string;
  readonly roomNid: number;
  readonly checked: CheckedPdu;
  /** Stores nothing of what is not accepted. */
  readonly refuse: boolean;
  readonly asksNobody?: Reception['asksNobody'];
  /** The snapshot of the state before it, where that is known from elsewhere than its prev events. */
  readonly stateBefore?: number | undefined;
  /**
   * Where the room's state is known in part: takes the event though events that it stands on are not there, as if they
   * had come before the join.
   */
  readonly takesGaps?: boolean | undefined;
  readonly beside?: Reception['beside'];
  /**
   * Of an event of the past, its order, below 0: it gets a place before what is there, and the current state does not matter
   * to it.
   */
  readonly pastOrder?: number | undefined;
  /** Events that were accepted before stand on it, by others that are about to be taken in. */
  readonly isBehind?: boolean | undefined;
}

/** Events that it stands on are not there, or the states after them are not known. */
export interface Missing {
  readonly kind: 'missing';
  readonly prevEventIds: readonly string[];
  readonly authEventIds: readonly string[];
  /** Whether a prev event came while the room was known in part, and the server left before it knew the whole. */
  readonly isStateUnknown: boolean;
}

/** Also how it is taken in again, after the room's policy server was asked about it. */
interface Attempt extends TakeIn {
  readonly policyAnswer?: PolicyAnswer;
}

/** What others would have to be asked about, where they are not to be. */
export const UNASKED: NotReceived = {
  kind: 'refused',
  cause: 'unasked',
  reason: 'other servers are to be asked first',
};

/** After so many falls something is wrong that trying again does not mend. */
const ATTEMPTS_MAX = 5;
/** The event is as it was found: not there, or an outlier. */
const EVENT_UNCHANGED = 'event is unchanged';

interface Tried {
  readonly value: Received | Missing | Unsigned;
  readonly submitted: Submitted | undefined;
}

/**
 * Gives a checked event its place in its room, in the room's queue, when all that was written to the room before is
 * committed. Resolves after the commit. While a policy server is asked the room goes on.
 */
export async function takeInEvent(
  context: InboundContext,
  takeIn: TakeIn,
): Promise<Received | Missing> {
  const taken = await takeInOnce(context, takeIn);
  if (taken.kind !== 'unsigned') return taken;
  if (takeIn.asksNobody === true) return UNASKED;
  const { roomNid, checked } = takeIn;
  const policyAnswer = await askPolicyServer(context, roomNid, checked, taken.server);
  const again = await takeInOnce(context, {
    ...takeIn,
    checked: policyAnswer.checked,
    policyAnswer,
  });
  if (again.kind === 'unsigned') throw new Error('a policy server was asked twice about one event');
  return again;
}

async function takeInOnce(
  context: InboundContext,
  takeIn: Attempt,
): Promise<Received | Missing | Unsigned> {
  for (let attempt = 1; ; attempt += 1) {
    const tried = await tryOnce(context, takeIn);
    const outcome = tried === undefined ? undefined : await tried.submitted?.done;
    if (tried !== undefined && outcome === undefined) return tried.value;
    if (tried !== undefined && outcome?.outcome === 'applied') {
      return atPosition(tried.value, outcome.position);
    }
    const guard = outcome?.outcome === 'refused' ? outcome.guard : PREDECESSOR;
    const mayPass = guard === PREDECESSOR || guard === EVENT_UNCHANGED;
    if (!mayPass || attempt >= ATTEMPTS_MAX) throw new ChangeRefused(guard);
  }
}

/** Undefined when the head has fallen meanwhile. */
function tryOnce(context: InboundContext, takeIn: Attempt): Promise<Tried | undefined> {
  const { heads } = context.rooms;
  return heads.run(takeIn.roomNid, async (head) => {
    if (head === undefined) return { value: refused('unknown-room'), submitted: undefined };
    await head.lastChange?.done.catch(() => undefined);
    if (!heads.isCurrent(head)) return undefined;
    return runBody(context.rooms, head, (write) => takeInto(context, write, takeIn));
  });
}

async function takeInto(
  context: InboundContext,
  write: RoomWrite,
  takeIn: Attempt,
): Promise<Received | Missing | Unsigned> {
  const { rooms } = context;
  const { reader } = rooms.database;
  const { checked, roomNid, pastOrder } = takeIn;
  const known = await readGraphRow(reader, checked.eventId);
  // In room versions 1 and 2 an event's ID is what its server makes it.
  if (known !== undefined && known.room_nid !== roomNid) {
    return { kind: 'refused', cause: 'invalid', reason: 'an event of another room has its ID' };
  }
  if (known !== undefined && (known.flags & EventFlag.outlier) === 0) return receivedBefore(known);
  if (!(await isServerInRoom(reader, roomNid))) return refused('unknown-room');
  if (!(await rooms.acls.allowsAtHead(write.head, takeIn.origin))) return refused('denied');
  const { partial } = write.head;
  const parents = await findParents(context, takeIn, partial !== undefined);
  if (parents.kind !== 'found') return parents;
  const before = await stateBefore(context, write.head, takeIn, parents.prev);
  const prevEventNids = await nidsOf(context, prevEventIds(checked.pdu));
  const authEventNids = parents.auth.map((row) => row.event_nid);
  const freshNid = await rooms.eventNids.next();
  const eventNid = (await readEventNid(reader, checked.eventId)) ?? freshNid;
  const isInterned = eventNid !== freshNid;
  const interned = await internEvent(rooms, roomNid, checked, eventNid, {
    prevEventNids,
    authEventNids,
  });
  const event = { ...interned, isAwaited: isInterned };
  const isFollowed =
    pastOrder !== undefined ||
    takeIn.isBehind === true ||
    (isInterned && (await hasAcceptedChild(reader, eventNid)));
  const isPast = isFollowed || (isInterned && (await isInState(reader, write.head, event)));
  if (partial !== undefined && isPast && !isSinceJoin(parents.prev, checked, partial)) {
    return INCOMPLETE;
  }
  const judgement = await judge(context, write.head, takeIn, authEventNids, before, isPast);
  if (judgement.kind === 'unsigned') return judgement;
  if (takeIn.refuse && judgement.kind !== 'accepted') {
    return { kind: 'refused', cause: 'forbidden', reason: judgement.reason };
  }
  const state = known !== undefined ? 'outlier' : isInterned ? 'id' : undefined;
  const toPlace = { event, before, verdict: judgement.kind, hasChild: isFollowed };
  await persist(context, write, toPlace, judgement, state, pastOrder);
  if (judgement.kind === 'accepted') write.add(...(takeIn.beside?.(eventNid) ?? []));
  for (const nid of prevEventNids) {
    if (parents.prev.some((row) => row.event_nid === nid)) continue;
    rooms.torn.add(roomNid);
    write.add(backwardExtremityStatement(roomNid, nid, eventNid));
  }
  const placed = { eventId: checked.eventId, eventNid, roomNid, position: 0 };
  return { ...judgement, event: { ...placed, stateBefore: before.snapshot.nid } };
}

async function judge(
  context: InboundContext,
  head: RoomHead,
  { checked, pastOrder, policyAnswer }: Attempt,
  authEventNids: readonly number[],
  before: StateReference,
  isPast: boolean,
): Promise<Judgement | Unsigned> {
  const event = { ...checked.pdu, eventId: checked.eventId };
  const authEvents = await readAuthEvents(
    context.rooms.database.reader,
    authEventNids,
    head.version,
  );
  const judgement = await judgeEvent(context, head, event, authEvents, before, isPast);
  if (judgement.kind !== 'accepted' || pastOrder !== undefined) return judgement;
  return judgeByPolicy(context, head, checked, policyAnswer);
}

/** Whether the current state holds it, or was allowed by it: then nothing that has happened since goes against it. */
async function isInState(
  reader: Reader,
  head: RoomHead,
  { built: { pdu, eventId }, eventNid }: PreparedEvent,
): Promise<boolean> {
  if (pdu.state_key === undefined) return false;
  await head.load([[pdu.type, pdu.state_key]]);
  const current = head.get(pdu.type, pdu.state_key);
  if (current === undefined || current.event.eventId === eventId) return current !== undefined;
  // What has replaced it in the state was allowed by it: a ban by the join of who is banned.
  let nids: readonly number[] = [current.eventNid];
  for (let step = 0; step < replacementStepsMax && nids.length > 0; step += 1) {
    nids = await readAuthNids(reader, nids);
    if (nids.includes(eventNid)) return true;
  }
  return false;
}

async function persist(
  context: InboundContext,
  write: RoomWrite,
  toPlace: EventToPlace,
  judgement: Judgement,
  known: EventToPersist['known'],
  pastOrder: number | undefined,
): Promise<void> {
  const { head } = write;
  const { event, before } = toPlace;
  const { eventNid } = event;
  const isAccepted = judgement.kind === 'accepted';
  const place = await placeEvent(context.rooms, head, toPlace);
  const effect = isAccepted ? await effectOfRedaction(context, head, event, before) : undefined;
  const waiting =
    known !== undefined ? await decideWaitingRedactions(context, head, event) : undefined;
  const isRedacted = waiting?.isRedacted === true;
  const shown = isRedacted ? redactedEvent(event, head) : event;
  await write.take({
    event: shown,
    verdict: judgement,
    place: isRedacted ? withEntryOf(place, shown) : place,
    known,
    pastOrder,
    isRedacted,
    redacts: effect?.redacts,
  });
  write.add(...(effect?.statements ?? []), ...(waiting?.statements ?? []));
  if (known === undefined) write.guard(newEventGuard(EVENT_UNCHANGED, event.built.eventId));
  else write.add(endBackwardExtremityStatement(eventNid));
  if (known === 'outlier') write.guard(outlierGuard(EVENT_UNCHANGED, eventNid));
}

/** What follows from the event follows from what is left of it. */
function redactedEvent(event: PreparedEvent, { version }: RoomHead): PreparedEvent {
  const { pdu } = event.built;
  const content = redactContent(pdu.type, pdu.content, version);
  return { ...event, built: { ...event.built, pdu: { ...pdu, content } }, relation: undefined };
}

function withEntryOf(place: EventPlace, event: PreparedEvent): EventPlace {
  const { stateKeyNid, eventNid } = event;
  const { end } = place;
  if (stateKeyNid === null || end?.state === undefined) return place;
  const changes = end.state.changes.map((change) =>
    change.after?.eventNid === eventNid
      ? { ...change, after: headEntryOf(event, stateKeyNid) }
      : change,
  );
  return { ...place, end: { ...end, state: { ...end.state, changes } } };
}

type Parents =
  | {
      readonly kind: 'found';
      readonly prev: readonly GraphRow[];
      readonly auth: readonly GraphRow[];
    }
  | Missing
  | NotReceived;

/** The events that it refers to: prev events with a place of their own, auth events wherever they are. */
async function findParents(
  { rooms }: InboundContext,
  { checked: { pdu }, roomNid, refuse, stateBefore: given, takesGaps = false }: TakeIn,
  isPartial: boolean,
): Promise<Parents> {
  const { reader } = rooms.database;
  const [prevIds, authIds] = [prevEventIds(pdu), authEventIds(pdu)];
  const prev = await readGraphRows(reader, prevIds);
  const auth = await readGraphRows(reader, authIds);
  for (const row of prev.values()) {
    if (row.room_nid !== roomNid) {
      return { kind: 'refused', cause: 'invalid', reason: 'a prev event is of another room' };
    }
  }
  const placed = [...prev.values()].filter((row) => row.state_before !== null);
  const missingPrev = prevIds.filter((id) => (prev.get(id)?.state_before ?? null) === null);
  const missingAuth = authIds.filter((id) => !auth.has(id));
  const mayLackPrev = given !== undefined || (isPartial && takesGaps);
  const isStateUnknown =
    given === undefined &&
    !isPartial &&
    placed.some(({ flags }) => (flags & EventFlag.partialState) !== 0);
  const isComplete =
    (missingPrev.length === 0 || mayLackPrev) && missingAuth.length === 0 && !isStateUnknown;
  if (isComplete) return { kind: 'found', prev: placed, auth: [...auth.values()] };
  if (refuse) {
    return { kind: 'refused', cause: 'incomplete', reason: 'what the event refers to is unknown' };
  }
  return {
    kind: 'missing',
    prevEventIds: given === undefined ? missingPrev : [],
    authEventIds: missingAuth,
    isStateUnknown,
  };
}

async function stateBefore(
  context: InboundContext,
  head: RoomHead,
  { stateBefore: given, checked }: TakeIn,
  prev: readonly GraphRow[],
): Promise<StateReference> {
  if (given !== undefined) return storedState(context.rooms, head, given);
  const prevNids = new Set(prev.map((row) => row.event_nid));
  const { extremities, partial } = head;
  const hasGap = prevNids.size < new Set(prevEventIds(checked.pdu)).size;
  const isOnHead =
    !hasGap &&
    extremities.length === prevNids.size &&
    extremities.every(({ eventNid }) => prevNids.has(eventNid));
  if (isOnHead) return storedState(context.rooms, head, head.snapshot.nid);
  const snapshotNids = new Set(prev.map((row) => stateAfterRow(row, partial)));
  if (hasGap && partial !== undefined) snapshotNids.add(partial.rootNid);
  const references = await Promise.all(
    [...snapshotNids].map((nid) => storedState(context.rooms, head, nid)),
  );
  return mergeStates(context.rooms, head, references);
}

/**
 * A state in part and a whole one are not resolved with each other: until the room is known as a whole, what came before
 * the join counts as the state before the join does.
 */
function stateAfterRow(row: GraphRow, partial: PartialHead | undefined): number {
  if (partial === undefined || isSince(row, partial)) return row.state_after ?? 0;
  return partial.rootNid;
}

/**
 * Whether all that an event stands on came with the join or after it, which is not so of the event that made the room. Of
 * what others stand on already, and is from before the join, the state of the join would be the future: while the room is
 * known in part, it is left to whoever pages back.
 */
function isSinceJoin(
  prev: readonly GraphRow[],
  { pdu }: CheckedPdu,
  partial: PartialHead,
): boolean {
  const hasAll = prev.length > 0 && prev.length === new Set(prevEventIds(pdu)).size;
  return hasAll && prev.every((row) => isSince(row, partial));
}

function isSince({ flags, event_order: order }: GraphRow, { position }: PartialHead): boolean {
  return (flags & EventFlag.partialState) !== 0 && (order ?? 0) >= position;
}

async function nidsOf({ rooms }: InboundContext, eventIds: readonly string[]): Promise<number[]> {
  return [...new Set((await internEventIds(rooms, eventIds)).values())];
}

const INCOMPLETE: NotReceived = {
  kind: 'refused',
  cause: 'incomplete',
  reason: 'it is from before the join, and the room is known in part',
};

const REASONS = {
  'unknown-room': 'This server is not in the room',
  denied: 'The server is denied by the ACL of the room',
};

function refused(cause: keyof typeof REASONS): NotReceived {
  return { kind: 'refused', cause, reason: REASONS[cause] };
}

/** The verdict of an event that had come before. */
function receivedBefore(row: GraphRow): Received {
  const event: PlacedEvent = {
    eventId: row.event_id,
    eventNid: row.event_nid,
    roomNid: row.room_nid,
    stateBefore: row.state_before ?? 0,
    position: 0,
  };
  const reason = 'as when the event came first';
  if ((row.flags & EventFlag.rejected) !== 0) {
    return { kind: 'rejected', event, rule: row.rejected_by ?? '', reason };
  }
  return (row.flags & EventFlag.softFailed) !== 0
    ? { kind: 'soft-failed', event, reason }
    : { kind: 'accepted', event };
}

function atPosition(
  value: Received | Missing | Unsigned,
  position: number,
): Received | Missing | Unsigned {
  if (!('event' in value)) return value;
  return { ...value, event: { ...value.event, position } };
}
