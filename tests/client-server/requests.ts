import assert from 'node:assert/strict';

import type { RequestOptions, Response } from '../harness/api.ts';
import type { TestUser } from '../harness/client.ts';
import { listAt, valueAt } from '../harness/json-path.ts';
import { eventFrom, eventsFrom, type SeenEvent } from './seen-event.ts';

export const v3 = '/_matrix/client/v3';

/** The body of a request that must be answered with 200. */
export async function ok(
  user: TestUser,
  method: string,
  path: string,
  options: RequestOptions = {},
): Promise<unknown> {
  const answer = await user.request(method, path, options);
  assert.equal(answer.status, 200, `${method} ${path} gave ${JSON.stringify(answer.body)}`);
  return answer.body;
}

/** The outcome of a request that is to be refused: `403 M_FORBIDDEN`. */
export async function refusal(
  user: TestUser,
  method: string,
  path: string,
  options: RequestOptions = {},
): Promise<string> {
  return outcome(await user.request(method, path, options));
}

export function outcome({ status, body }: Response): string {
  const errcode = valueAt(body, 'errcode');
  return typeof errcode === 'string' ? `${status} ${errcode}` : String(status);
}

/** A path below `/rooms/{roomId}`, each part percent-encoded. */
export function roomPath(roomId: string, ...parts: readonly string[]): string {
  return `${v3}/rooms/${[roomId, ...parts].map(encodeURIComponent).join('/')}`;
}

/** A POST below the room that must succeed: `act(alice, roomId, 'kick', { user_id: … })`. */
export function act(
  user: TestUser,
  roomId: string,
  action: string,
  body: object = {},
): Promise<unknown> {
  return ok(user, 'POST', roomPath(roomId, action), { body });
}

/** How a POST below the room is answered. */
export function refusedAct(
  user: TestUser,
  roomId: string,
  action: string,
  body: object = {},
): Promise<string> {
  return refusal(user, 'POST', roomPath(roomId, action), { body });
}

/** The room's whole state, as the user may see it. */
export async function readState(user: TestUser, roomId: string): Promise<SeenEvent[]> {
  const body = await ok(user, 'GET', roomPath(roomId, 'state'));
  return eventsFrom(listAt(body));
}

/** The content of one state event. */
export function readContent(
  user: TestUser,
  roomId: string,
  type: string,
  stateKey = '',
): Promise<unknown> {
  return ok(user, 'GET', roomPath(roomId, 'state', type, stateKey));
}

export async function readEvent(
  user: TestUser,
  roomId: string,
  eventId: string,
): Promise<SeenEvent> {
  return eventFrom(await ok(user, 'GET', roomPath(roomId, 'event', eventId)));
}

/** One page of history. */
export interface Page {
  readonly events: readonly SeenEvent[];
  readonly state: readonly SeenEvent[];
  readonly start: unknown;
  readonly end: unknown;
}

/** `GET /messages`; a filter that is an object is sent as JSON. */
export async function readMessages(
  user: TestUser,
  roomId: string,
  query: Readonly<Record<string, string | number>> = {},
  filter?: object,
): Promise<Page> {
  const body = await ok(user, 'GET', roomPath(roomId, 'messages'), {
    query: {
      dir: 'b',
      ...query,
      ...(filter === undefined ? {} : { filter: JSON.stringify(filter) }),
    },
  });
  const state = valueAt(body, 'state');
  return {
    events: eventsFrom(listAt(body, 'chunk')),
    state: Array.isArray(state) ? eventsFrom(state) : [],
    start: valueAt(body, 'start'),
    end: valueAt(body, 'end'),
  };
}
