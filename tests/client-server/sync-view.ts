import type { TestUser } from '../harness/client.ts';
import { listAt, textAt, valueAt } from '../harness/json-path.ts';
import { ok, v3 } from './requests.ts';
import { eventsFrom, type SeenEvent } from './seen-event.ts';

export interface SyncQuery {
  readonly since?: string;
  readonly timeoutMs?: number;
  /** JSON, or the ID of a stored filter. */
  readonly filter?: object | string;
  readonly fullState?: boolean;
  readonly useStateAfter?: boolean;
}

/** What one answer says of one room. Absent lists are empty. */
export interface RoomView {
  readonly timeline: readonly SeenEvent[];
  readonly limited: boolean;
  readonly prevBatch: string;
  readonly state: readonly SeenEvent[];
  readonly stateAfter: readonly SeenEvent[];
  readonly ephemeral: readonly SeenEvent[];
  readonly accountData: readonly SeenEvent[];
  readonly json: unknown;
}

/** An answer of `/sync`. */
export interface SyncView {
  readonly nextBatch: string;
  readonly accountData: readonly SeenEvent[];
  readonly json: unknown;
  /** The room's part under `join`; undefined when it has none. */
  joined(roomId: string): RoomView | undefined;
  left(roomId: string): RoomView | undefined;
  /** The stripped state of an invitation. */
  invited(roomId: string): readonly SeenEvent[] | undefined;
  /** That of a knock. */
  knocked(roomId: string): readonly SeenEvent[] | undefined;
  /** The IDs of the rooms under `join`, `invite`, `knock` or `leave`. */
  rooms(section: 'join' | 'invite' | 'knock' | 'leave'): string[];
}

/** One `/sync`, at once unless a timeout is given. */
export async function sync(user: TestUser, query: SyncQuery = {}): Promise<SyncView> {
  const { since, timeoutMs, filter, fullState, useStateAfter } = query;
  return viewOf(
    await ok(user, 'GET', `${v3}/sync`, {
      query: {
        timeout: timeoutMs ?? 0,
        ...(since === undefined ? {} : { since }),
        ...(filter === undefined
          ? {}
          : { filter: typeof filter === 'string' ? filter : JSON.stringify(filter) }),
        ...(fullState === undefined ? {} : { full_state: fullState }),
        ...(useStateAfter === undefined ? {} : { use_state_after: useStateAfter }),
      },
    }),
  );
}

/** Longer than any test may take, so that a poll that is not woken ends as an empty answer. */
const longPollMs = 60_000;

/**
 * Polls, does something while the poll waits, and gives the poll's answer; who is online alone is no answer.
 *
 * The request in between lets the poll arrive first; were it late, it would find the change at once.
 */
export async function pollDuring(
  user: TestUser,
  query: SyncQuery,
  act: () => Promise<unknown>,
): Promise<SyncView> {
  const poll = pollForMore(user, { timeoutMs: longPollMs, ...query });
  await ok(user, 'GET', `${v3}/account/whoami`);
  await act();
  return poll;
}

async function pollForMore(user: TestUser, query: SyncQuery): Promise<SyncView> {
  const deadline = performance.now() + (query.timeoutMs ?? 0);
  for (let from = query; ;) {
    const view = await sync(user, from);
    const isPresence = valueAt(view.json, 'presence') !== undefined;
    const isMore = view.accountData.length > 0 || valueAt(view.json, 'rooms') !== undefined;
    const leftMs = Math.ceil(deadline - performance.now());
    if (isMore || !isPresence || leftMs <= 0) return view;
    from = { ...query, since: view.nextBatch, timeoutMs: leftMs };
  }
}

/** The room's part of an answer that must have one. */
export function expectJoined(view: SyncView, roomId: string): RoomView {
  return view.joined(roomId) ?? refuse(view, roomId);
}

export function expectLeft(view: SyncView, roomId: string): RoomView {
  return view.left(roomId) ?? refuse(view, roomId);
}

function refuse({ json }: SyncView, roomId: string): never {
  throw new Error(`nothing of ${roomId} in ${JSON.stringify(json, null, 2)}`);
}

function viewOf(json: unknown): SyncView {
  const roomOf = (section: string, roomId: string): RoomView | undefined => {
    const room = valueAt(json, 'rooms', section, roomId);
    return room === undefined ? undefined : roomViewOf(room);
  };
  const strippedAt = (section: 'invite' | 'knock', roomId: string): SeenEvent[] | undefined => {
    const state = valueAt(json, 'rooms', section, roomId, `${section}_state`);
    return state === undefined ? undefined : eventsFrom(listAt(state, 'events'));
  };
  return {
    nextBatch: textAt(json, 'next_batch'),
    accountData: eventsAt(json, 'account_data'),
    json,
    joined: (roomId) => roomOf('join', roomId),
    left: (roomId) => roomOf('leave', roomId),
    invited: (roomId) => strippedAt('invite', roomId),
    knocked: (roomId) => strippedAt('knock', roomId),
    rooms: (section) => Object.keys(valueAt(json, 'rooms', section) ?? {}),
  };
}

function roomViewOf(json: unknown): RoomView {
  const prevBatch = valueAt(json, 'timeline', 'prev_batch');
  return {
    timeline: eventsAt(json, 'timeline'),
    limited: valueAt(json, 'timeline', 'limited') === true,
    prevBatch: typeof prevBatch === 'string' ? prevBatch : '',
    state: eventsAt(json, 'state'),
    stateAfter: eventsAt(json, 'state_after'),
    ephemeral: eventsAt(json, 'ephemeral'),
    accountData: eventsAt(json, 'account_data'),
    json,
  };
}

function eventsAt(json: unknown, section: string): SeenEvent[] {
  const events = valueAt(json, section, 'events');
  return Array.isArray(events) ? eventsFrom(events) : [];
}
