import { isJsonObject } from '@soma/protocol';

import { FederationError, toFederationError } from '../../federation-client/federation-error.ts';
import { ExpectedKeys } from '../../federation-client/keys/expected-keys.ts';
import { StreamFault, streamObject } from '../../federation-client/stream-object.ts';
import { Turns } from '../../streams/turns.ts';
import type { FillingContext, RoomToFill } from './filling-context.ts';
import {
  stateBytesMax,
  stateEventBytesMax,
  stateEventsMax,
  stateIdleMs,
  stateTotalMs,
  stateValueBytesMax,
} from './limits.ts';

/** The state before a join as a server tells it: the texts of its events, none of them checked. */
export interface ToldState {
  readonly state: readonly string[];
  readonly authChain: readonly string[];
  readonly keys: ExpectedKeys;
}

const LIMITS = {
  itemBytesMax: stateEventBytesMax,
  itemsMax: stateEventsMax,
  valueBytesMax: stateValueBytesMax,
};

/** Asks a server for the state before the join (SS API, `GET /state/{roomId}`). Throws a FederationError. */
export async function askWholeState(
  { client, signal }: FillingContext,
  { roomId, joinEventId, version }: RoomToFill,
  server: string,
): Promise<ToldState> {
  const { body } = await client.requestStream({
    destination: server,
    method: 'GET',
    path: `/_matrix/federation/v1/state/${encodeURIComponent(roomId)}`,
    query: { event_id: joinEventId },
    retries: 'none',
    ignoresBackoff: true,
    bodyBytesMax: stateBytesMax,
    idleMs: stateIdleMs,
    totalMs: stateTotalMs,
    signal,
  });
  const state: string[] = [];
  const authChain: string[] = [];
  const keys = new ExpectedKeys(version);
  const turns = new Turns();
  try {
    for await (const { key, isItem, text } of streamObject(body, ['pdus', 'auth_chain'], LIMITS)) {
      if (!isItem) continue;
      const value: unknown = JSON.parse(text);
      if (!isJsonObject(value)) continue;
      (key === 'pdus' ? state : authChain).push(text);
      keys.add(value);
      await turns.next();
    }
  } catch (error) {
    const isFault = error instanceof StreamFault || error instanceof SyntaxError;
    if (!isFault) throw toFederationError(server, error);
    throw new FederationError('bad-answer', server, error.message, { cause: error });
  }
  return { state, authChain, keys };
}
