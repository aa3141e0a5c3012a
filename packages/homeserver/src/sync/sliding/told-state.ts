import type { RoomVersion } from '@soma/protocol';

import { readMembership } from '../../membership/membership-store.ts';
import type { StoredEvent } from '../../rooms/stored-event.ts';
import type { RoomTimeline } from '../room-timeline.ts';
import type { SentRoom } from './connection.ts';
import { readChanged, readMembers, readStateEvents, readWanted } from './required-state.ts';
import type { StateMap, StatePlace } from './required-state.ts';
import { addedState, isLazy, isRequired, MEMBER, mergeRequired } from './room-config.ts';
import type { RequiredState } from './room-config.ts';
import type { SlidingPass } from './sliding-pass.ts';

/** What of a room's state an answer is about. */
export interface StateQuestion {
  readonly place: StatePlace;
  readonly version: RoomVersion;
  readonly required: RequiredState;
  /** What the client knows of the room; undefined for nothing. */
  readonly before: SentRoom | undefined;
  readonly timeline: RoomTimeline | undefined;
}

export interface ToldState {
  readonly events: readonly StoredEvent[];
  /** The state that the client has and is told changes of from now on. */
  readonly followed: RequiredState;
  readonly lazyMembers: ReadonlySet<number>;
  /** What may have changed; for a client that knows nothing all of it. */
  readonly changed: { has(type: string): boolean };
}

/** `required_state`: the state after the timeline, in full or what is new of it (MSC4186). */
export async function readToldState(
  pass: SlidingPass,
  question: StateQuestion,
): Promise<ToldState> {
  const { place, required, before, version } = question;
  const changes = new Changes();
  if (before !== undefined) {
    const { stateKeys } = pass.context.sync.rooms.names;
    for (const { stateKeyNid, newEventNid } of await readChanged(pass, place, before.upTo)) {
      const { type, stateKey } = await stateKeys.pair(stateKeyNid);
      changes.put(stateKeyNid, newEventNid, type, stateKey);
    }
  }
  const wanted =
    before === undefined ? required : addedState(required, before.config.requiredState);
  const state = await readWanted(pass, place, wanted);
  for (const { keyNid, eventNid, type, key } of changes.entries()) {
    if (isRequired(required, type, key)) putEntry(state, keyNid, eventNid);
  }
  const lazyMembers = await addLazyMembers(pass, question, changes, state);
  const events = await readStateEvents(pass, [...state.values()], version);
  if (place.leftAt !== undefined) await addOwnMember(pass, question, events);
  return {
    events,
    followed: followedState(required, before?.config.requiredState, changes),
    lazyMembers,
    changed: before === undefined ? { has: () => true } : changes,
  };
}

/** The last of what happened to each entry of state. */
class Changes {
  readonly #entries = new Map<
    number,
    { keyNid: number; eventNid: number | null; type: string; key: string }
  >();
  readonly #types = new Set<string>();

  put(keyNid: number, eventNid: number | null, type: string, key: string): void {
    this.#entries.set(keyNid, { keyNid, eventNid, type, key });
    this.#types.add(type);
  }

  entries(): Iterable<{ keyNid: number; eventNid: number | null; type: string; key: string }> {
    return this.#entries.values();
  }

  has(type: string): boolean {
    return this.#types.has(type);
  }
}

/**
 * Members of whom the timeline speaks and whom the client was not told of. Where nothing is left out of the
 * timeline, it is told of all changes of members: it may have the whole list of them.
 */
async function addLazyMembers(
  pass: SlidingPass,
  { place, required, before, timeline }: StateQuestion,
  changes: Changes,
  state: StateMap,
): Promise<ReadonlySet<number>> {
  const sent = new Set(before?.lazyMembers);
  for (const { keyNid, type } of changes.entries()) if (type === MEMBER) sent.delete(keyNid);
  if (!isLazy(required)) return sent;
  const userIds = new Set<string>();
  for (const { event } of timeline?.events ?? []) {
    userIds.add(event.pdu.sender);
    if (event.pdu.type === MEMBER && event.pdu.state_key !== undefined) {
      userIds.add(event.pdu.state_key);
    }
  }
  for (const [keyNid, eventNid] of await readMembers(pass, place, userIds)) {
    if (!sent.has(keyNid)) state.set(keyNid, eventNid);
    sent.add(keyNid);
  }
  if (before === undefined || timeline?.limited === true) return sent;
  for (const { keyNid, eventNid, type } of changes.entries()) {
    if (type !== MEMBER) continue;
    putEntry(state, keyNid, eventNid);
    sent.add(keyNid);
  }
  return sent;
}

/** Who is out is told of it, whatever state was asked for; there is no event where a resolution did it. */
async function addOwnMember(
  pass: SlidingPass,
  { place, version }: StateQuestion,
  events: StoredEvent[],
): Promise<void> {
  const { reader, viewer } = pass;
  const own = await readMembership(reader, viewer.userNid, place.roomNid);
  if (own === undefined) return;
  const others = events.filter(({ pdu }) => pdu.type !== MEMBER || pdu.state_key !== viewer.userId);
  events.splice(0, events.length, ...others);
  const [event] = await readStateEvents(pass, [own.eventNid], version);
  if (event?.pdu.content['membership'] === own.membership) events.push(event);
}

/** State that is no longer wanted stays known, as long as none of its type has changed. */
function followedState(
  required: RequiredState,
  before: RequiredState | undefined,
  changes: Changes,
): RequiredState {
  if (before === undefined || before === required) return required;
  const dropped = addedState(before, required);
  const kept = new Map([...dropped].filter(([type]) => type !== '*' && !changes.has(type)));
  return kept.size === 0 ? required : mergeRequired(required, kept);
}

function putEntry(state: StateMap, keyNid: number, eventNid: number | null): void {
  if (eventNid === null) state.delete(keyNid);
  else state.set(keyNid, eventNid);
}
