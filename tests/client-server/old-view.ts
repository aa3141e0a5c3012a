import type { TestUser } from '../harness/client.ts';
import { listAt, textAt, valueAt } from '../harness/json-path.ts';
import { ok } from './requests.ts';
import { eventsFrom, type SeenEvent } from './seen-event.ts';

export const r0 = '/_matrix/client/r0';
export const apiV1 = '/_matrix/client/api/v1';

/** A room as the old API tells of it. */
export interface OldRoom {
  readonly roomId: string;
  readonly membership: unknown;
  readonly messages: readonly SeenEvent[];
  readonly start: string;
  readonly end: string;
  readonly state: readonly SeenEvent[];
  readonly accountData: readonly SeenEvent[];
  readonly json: unknown;
}

export interface OldSync {
  readonly end: string;
  readonly rooms: ReadonlyMap<string, OldRoom>;
  readonly json: unknown;
}

export interface OldChunk {
  readonly start: string;
  readonly end: string;
  readonly events: readonly SeenEvent[];
}

type Query = Readonly<Record<string, string | number | boolean>>;

export async function initialSync(
  user: TestUser,
  query: Query = {},
  base: string = r0,
): Promise<OldSync> {
  const json = await ok(user, 'GET', `${base}/initialSync`, { query });
  const rooms = listAt(json, 'rooms').map(oldRoomFrom);
  return {
    end: textAt(json, 'end'),
    rooms: new Map(rooms.map((room) => [room.roomId, room])),
    json,
  };
}

export async function roomInitialSync(
  user: TestUser,
  roomId: string,
  query: Query = {},
): Promise<OldRoom> {
  const path = `${r0}/rooms/${encodeURIComponent(roomId)}/initialSync`;
  return oldRoomFrom(await ok(user, 'GET', path, { query }));
}

export async function events(
  user: TestUser,
  query: Query = {},
  base: string = r0,
): Promise<OldChunk> {
  const json = await ok(user, 'GET', `${base}/events`, { query: { timeout: 0, ...query } });
  return {
    start: textAt(json, 'start'),
    end: textAt(json, 'end'),
    events: eventsFrom(listAt(json, 'chunk')),
  };
}

function oldRoomFrom(json: unknown): OldRoom {
  const listOf = (...path: string[]): SeenEvent[] => {
    const list = valueAt(json, ...path);
    return Array.isArray(list) ? eventsFrom(list) : [];
  };
  const text = (name: string): string => {
    const value = valueAt(json, 'messages', name);
    return typeof value === 'string' ? value : '';
  };
  return {
    roomId: textAt(json, 'room_id'),
    membership: valueAt(json, 'membership'),
    messages: listOf('messages', 'chunk'),
    start: text('start'),
    end: text('end'),
    state: listOf('state'),
    accountData: listOf('account_data'),
    json,
  };
}
