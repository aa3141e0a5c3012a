import type { RoomVersion } from '@soma/protocol';

import {
  readCurrentEntries,
  readCurrentState,
  readCurrentStateOfType,
  readStateDifferences,
} from '../../rooms/state-store.ts';
import type { StateDifference } from '../../rooms/state-store.ts';
import type { StoredEvent } from '../../rooms/stored-event.ts';
import { toStoredEvent } from '../../rooms/stored-event.ts';
import { ANY, isLazy, isRequired, MEMBER } from './room-config.ts';
import type { RequiredState } from './room-config.ts';
import type { SlidingPass } from './sliding-pass.ts';

/** State key nid → event nid. */
export type StateMap = Map<number, number>;

/** Where a room's state is read: as it is, or as it was when the viewer ceased to be in it. */
export interface StatePlace {
  readonly roomNid: number;
  /** undefined where the room is seen as it is. */
  readonly leftAt: number | undefined;
}

/** The entries that are wanted, whoever the timeline speaks of. */
export async function readWanted(
  pass: SlidingPass,
  place: StatePlace,
  required: RequiredState,
): Promise<StateMap> {
  const state: StateMap = new Map();
  const exact: [type: string, key: string][] = [];
  for (const [type, keys] of required) {
    if (type === ANY) await addOfAnyType(pass, place, required, state);
    else if (keys.has(ANY)) await addOfType(pass, place, type, state);
    else for (const key of keys) exact.push([type, key]);
  }
  for (const [keyNid, eventNid] of await readEntries(pass, place, exact)) {
    state.set(keyNid, eventNid);
  }
  await leadBack(pass, place, state, (type, key) => isRequired(required, type, key));
  return state;
}

/** The member events of these users. */
export async function readMembers(
  pass: SlidingPass,
  place: StatePlace,
  userIds: ReadonlySet<string>,
): Promise<StateMap> {
  const keys = [...userIds].map((userId): [string, string] => [MEMBER, userId]);
  const state = await readEntries(pass, place, keys);
  await leadBack(pass, place, state, (type, key) => type === MEMBER && userIds.has(key));
  return state;
}

/** What became of entries above `since`, in the state that is seen. */
export function readChanged(
  { context, reader, upTo }: SlidingPass,
  { roomNid, leftAt }: StatePlace,
  since: number,
): Promise<StateDifference[]> {
  if (leftAt !== undefined) return readStateDifferences(reader, roomNid, since, leftAt);
  return context.sync.shared.differences(reader, { roomNid, since, upTo });
}

/** Events by nid, in that order. */
export async function readStateEvents(
  { context, reader, upTo }: SlidingPass,
  eventNids: readonly number[],
  version: RoomVersion,
): Promise<StoredEvent[]> {
  const rows =
    eventNids.length === 0 ? [] : await context.sync.shared.events(reader, eventNids, upTo);
  return rows.map((row) => toStoredEvent(row, version));
}

async function addOfAnyType(
  { context, reader, upTo }: SlidingPass,
  { roomNid }: StatePlace,
  required: RequiredState,
  state: StateMap,
): Promise<void> {
  const { names } = context.sync.rooms;
  const memberNid = isLazy(required) ? await names.eventTypes.find(MEMBER) : undefined;
  const current =
    memberNid === undefined
      ? await readCurrentState(reader, roomNid)
      : await context.sync.shared.stateWithout(reader, roomNid, memberNid, upTo);
  for (const [keyNid, eventNid] of current) {
    const { type, stateKey } = await names.stateKeys.pair(keyNid);
    if (isRequired(required, type, stateKey)) state.set(keyNid, eventNid);
  }
}

async function addOfType(
  { context, reader }: SlidingPass,
  { roomNid }: StatePlace,
  type: string,
  state: StateMap,
): Promise<void> {
  const typeNid = await context.sync.rooms.names.eventTypes.find(type);
  if (typeNid === undefined) return;
  for (const [keyNid, eventNid] of await readCurrentStateOfType(reader, roomNid, typeNid)) {
    state.set(keyNid, eventNid);
  }
}

async function readEntries(
  { context, reader }: SlidingPass,
  { roomNid }: StatePlace,
  entries: readonly (readonly [type: string, key: string])[],
): Promise<StateMap> {
  const { eventTypes, stateKeys } = context.sync.rooms.names;
  const typeNids = new Set<number>();
  const keyNids: number[] = [];
  for (const [type, key] of entries) {
    const keyNid = await stateKeys.find(type, key);
    const typeNid = await eventTypes.find(type);
    if (keyNid === undefined || typeNid === undefined) continue;
    typeNids.add(typeNid);
    keyNids.push(keyNid);
  }
  return readCurrentEntries(reader, roomNid, typeNids, keyNids);
}

/** Undoes what happened after the viewer ceased to be in the room. */
async function leadBack(
  { context, reader }: SlidingPass,
  { roomNid, leftAt }: StatePlace,
  state: StateMap,
  concerns: (type: string, key: string) => boolean,
): Promise<void> {
  if (leftAt === undefined) return;
  const later = await readStateDifferences(reader, roomNid, leftAt, Number.MAX_SAFE_INTEGER);
  for (const { stateKeyNid, oldEventNid } of later.toReversed()) {
    const { type, stateKey } = await context.sync.rooms.names.stateKeys.pair(stateKeyNid);
    if (!concerns(type, stateKey)) continue;
    if (oldEventNid === null) state.delete(stateKeyNid);
    else state.set(stateKeyNid, oldEventNid);
  }
}
