import { isJsonObject } from '@soma/protocol';
import type { BuiltEvent, JsonObject, RoomVersion } from '@soma/protocol';

import { FederationError, toFederationError } from '../../federation-client/federation-error.ts';
import { StreamFault, streamObject } from '../../federation-client/stream-object.ts';
import { Turn } from '../../streams/turns.ts';
import { ExpectedKeys } from './expected-keys.ts';
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
}

/**
 * Sends a join to a server that is in the room, and reads what it answers event by event as it comes. With
 * `keepsEvents` false only the join event is of interest. Throws a FederationError.
 */
export async function sendJoin(
  remote: RemoteRooms,
  server: string,
  join: BuiltEvent,
  version: RoomVersion,
  keepsEvents = true,
): Promise<JoinAnswer> {
  const send = (api: 'v1' | 'v2') =>
    remote.client.requestStream({
      destination: server,
      method: 'PUT',
      path: memberPath(api, 'send_join', join.roomId, join.eventId),
      body: join.pdu,
      ...(api === 'v2' ? { query: { omit_members: false } } : {}),
      retries: 'none',
      ignoresBackoff: true,
      bodyBytesMax: joinBytesMax,
      idleMs: remote.silenceMsMax,
      totalMs: joinTotalMs,
    });
  const read = async (api: 'v1' | 'v2'): Promise<JoinAnswer> => {
    const { body } = await send(api);
    return readAnswer(server, body, version, keepsEvents, api === 'v1').catch((error: unknown) => {
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
  keepsEvents: boolean,
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
  const turn = new Turn();
  /** Servers repeat in the auth chain what they have told of the state. */
  const told = new Set<string>();
  let guestAccess: JsonObject | undefined;
  for await (const { key, isItem, text } of streamObject(body, Object.keys(lists), limits, isV1)) {
    const value = parse(server, text);
    if (isItem) {
      if (!keepsEvents || (key === 'auth_chain' && told.has(text))) continue;
      lists[key]?.push(text);
      told.add(text);
      keys.add(value);
      if (key === 'state') guestAccess ??= guestAccessIn(value);
    } else {
      values.set(key, value);
    }
    await turn.pauseIfDue();
  }
  if (values.get('members_omitted') === true) {
    throw new FederationError('bad-answer', server, 'it left out members without being asked to');
  }
  const event = values.get('event');
  return {
    state: lists['state'] ?? [],
    authChain: lists['auth_chain'] ?? [],
    event: isJsonObject(event) ? event : undefined,
    keys,
    guestAccess,
  };
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
