import { isJsonObject, parseServerName } from '@soma/protocol';
import type { BuiltEvent, JsonObject, RoomVersion } from '@soma/protocol';

import { FederationError, toFederationError } from '../../federation-client/federation-error.ts';
import { ExpectedKeys } from '../../federation-client/keys/expected-keys.ts';
import { StreamFault, streamObject } from '../../federation-client/stream-object.ts';
import { Turns } from '../../streams/turns.ts';
import {
  joinBytesMax,
  joinEventBytesMax,
  joinEventsMax,
  joinTotalMs,
  joinValueBytesMax,
} from './limits.ts';
import type { RemoteRooms } from './remote-rooms.ts';
import { isUnrecognised, memberPath } from './send-member-event.ts';

/** A room as the answer to `/send_join` gives it: the texts of its events, none of them checked. */
export interface JoinAnswer {
  readonly state: readonly string[];
  readonly authChain: readonly string[];
  /** The join event as the other server has it, with its signature. */
  readonly event: JsonObject | undefined;
  readonly keys: ExpectedKeys;
  /** The content of the room's `m.room.guest_access`. */
  readonly guestAccess: JsonObject | undefined;
  /** Set where the state lacks members: the servers that were in the room before. */
  readonly serversInRoom: readonly string[] | undefined;
}

/** What of the room is wanted with the answer: of its state everything, all but its members, or nothing. */
export type WantedState = 'whole' | 'partial' | 'none';

/**
 * Sends a join to a server that is in the room, and reads what it answers event by event as it comes. Throws a
 * FederationError.
 */
export async function sendJoin(
  remote: RemoteRooms,
  server: string,
  join: BuiltEvent,
  version: RoomVersion,
  wanted: WantedState,
): Promise<JoinAnswer> {
  const send = (api: 'v1' | 'v2') =>
    remote.client.requestStream({
      destination: server,
      method: 'PUT',
      path: memberPath(api, 'send_join', join.roomId, join.eventId),
      body: join.pdu,
      ...(api === 'v2' ? { query: { omit_members: wanted !== 'whole' } } : {}),
      retries: 'none',
      ignoresBackoff: true,
      bodyBytesMax: joinBytesMax,
      idleMs: remote.silenceMsMax,
      totalMs: joinTotalMs,
    });
  const read = async (api: 'v1' | 'v2'): Promise<JoinAnswer> => {
    const { body } = await send(api);
    return readAnswer(server, body, version, wanted, api === 'v1').catch((error: unknown) => {
      if (!(error instanceof StreamFault)) throw toFederationError(server, error);
      throw new FederationError('bad-answer', server, error.message, { cause: error });
    });
  };
  try {
    return await read('v2');
  } catch (error) {
    if (!isUnrecognised(error)) throw error;
    return read('v1');
  }
}

async function readAnswer(
  server: string,
  body: AsyncIterable<Buffer>,
  version: RoomVersion,
  wanted: WantedState,
  isV1: boolean,
): Promise<JoinAnswer> {
  const limits = {
    itemBytesMax: joinEventBytesMax,
    itemsMax: joinEventsMax,
    valueBytesMax: joinValueBytesMax,
  };
  const lists: Record<string, string[]> = { state: [], auth_chain: [] };
  const values = new Map<string, unknown>();
  const keys = new ExpectedKeys(version);
  const turns = new Turns();
  /** Servers repeat in the auth chain what they have told of the state. */
  const told = new Set<string>();
  let guestAccess: JsonObject | undefined;
  for await (const { key, isItem, text } of streamObject(body, Object.keys(lists), limits, isV1)) {
    const value = parse(server, text);
    if (isItem) {
      if (wanted === 'none' || (key === 'auth_chain' && told.has(text))) continue;
      lists[key]?.push(text);
      told.add(text);
      keys.add(value);
      if (key === 'state') guestAccess ??= guestAccessIn(value);
    } else {
      values.set(key, value);
    }
    await turns.next();
  }
  const event = values.get('event');
  return {
    state: lists['state'] ?? [],
    authChain: lists['auth_chain'] ?? [],
    event: isJsonObject(event) ? event : undefined,
    keys,
    guestAccess,
    serversInRoom: serversInRoom(server, values, wanted),
  };
}

/** Who else to ask for the members that were left out, and to tell of what is sent meanwhile. */
function serversInRoom(
  server: string,
  values: ReadonlyMap<string, unknown>,
  wanted: WantedState,
): string[] | undefined {
  if (values.get('members_omitted') !== true) return undefined;
  if (wanted === 'whole') {
    throw new FederationError('bad-answer', server, 'it left out members without being asked to');
  }
  const named = values.get('servers_in_room');
  if (!Array.isArray(named)) {
    throw new FederationError('bad-answer', server, 'it left out members, and names no servers');
  }
  return [...new Set(named.flatMap((name) => parseServerName(name) ?? []))];
}

function parse(server: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new FederationError('bad-answer', server, 'answered no JSON', { cause: error });
  }
}

function guestAccessIn(event: unknown): JsonObject | undefined {
  if (!isJsonObject(event) || event['type'] !== 'm.room.guest_access') return undefined;
  return event['state_key'] === '' && isJsonObject(event['content']) ? event['content'] : undefined;
}
