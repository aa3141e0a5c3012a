import type { TestUser } from '../harness/client.ts';
import { textAt, valueAt } from '../harness/json-path.ts';
import { ok, v3 } from './requests.ts';
import { eventsFrom, type SeenEvent } from './seen-event.ts';

export const slidingPath = '/_matrix/client/unstable/org.matrix.simplified_msc3575/sync';

export interface SlidingQuery {
  readonly pos?: string;
  readonly timeoutMs?: number;
}

/** What an answer of simplified sliding sync says of one room; absent lists are empty. */
export interface SlidingRoom {
  readonly timeline: readonly SeenEvent[];
  readonly requiredState: readonly SeenEvent[];
  readonly strippedState: readonly SeenEvent[];
  readonly json: unknown;
  /** A field of its JSON. */
  at(name: string): unknown;
}

export interface SlidingView {
  readonly pos: string;
  readonly roomIds: readonly string[];
  readonly json: unknown;
  room(roomId: string): SlidingRoom | undefined;
  count(list: string): unknown;
  /** The rooms of a list's only window. */
  window(list: string): unknown;
  extension(name: string): unknown;
}

/** One request, answered at once unless a timeout is given. */
export async function slide(
  user: TestUser,
  body: object,
  { pos, timeoutMs = 0 }: SlidingQuery = {},
): Promise<SlidingView> {
  const query = { timeout: timeoutMs, ...(pos === undefined ? {} : { pos }) };
  return viewOf(await ok(user, 'POST', slidingPath, { body, query }));
}

const longPollMs = 60_000;

/** Polls from `pos`, does something while the poll waits, and gives the poll's answer. */
export async function slideDuring(
  user: TestUser,
  body: object,
  pos: string,
  act: () => Promise<unknown>,
): Promise<SlidingView> {
  const poll = slide(user, body, { pos, timeoutMs: longPollMs });
  await ok(user, 'GET', `${v3}/account/whoami`);
  await act();
  return poll;
}

/** A list of all rooms. */
export function listOf(
  options: object = {},
  state: readonly (readonly [string, string])[] = [],
  limit = 10,
): object {
  return {
    lists: {
      all: { ranges: [[0, 99]], required_state: state, timeline_limit: limit, ...options },
    },
  };
}

export function expectRoom(view: SlidingView, roomId: string): SlidingRoom {
  const room = view.room(roomId);
  if (room !== undefined) return room;
  throw new Error(`nothing of ${roomId} in ${JSON.stringify(view.json, null, 2)}`);
}

function viewOf(json: unknown): SlidingView {
  return {
    pos: textAt(json, 'pos'),
    roomIds: Object.keys(Object(valueAt(json, 'rooms'))),
    json,
    room: (roomId) => {
      const room = valueAt(json, 'rooms', roomId);
      return room === undefined ? undefined : roomOf(room);
    },
    count: (list) => valueAt(json, 'lists', list, 'count'),
    window: (list) => valueAt(json, 'lists', list, 'ops', 0, 'room_ids'),
    extension: (name) => valueAt(json, 'extensions', name),
  };
}

function roomOf(json: unknown): SlidingRoom {
  const events = (name: string): SeenEvent[] => {
    const list = valueAt(json, name);
    return Array.isArray(list) ? eventsFrom(list) : [];
  };
  return {
    timeline: events('timeline'),
    requiredState: events('required_state'),
    strippedState: events('invite_state'),
    json,
    at: (name) => valueAt(json, name),
  };
}
