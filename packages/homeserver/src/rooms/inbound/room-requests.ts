import { isJsonObject } from '@soma/protocol';
import type { JsonObject, JsonValue, ReferenceLimits, RoomVersion } from '@soma/protocol';

import type { FederationRequest } from '../../federation-client/federation-client.ts';
import { FederationError } from '../../federation-client/federation-error.ts';
import type { FederationFailure } from '../../federation-client/federation-error.ts';
import { Turns } from '../../streams/turns.ts';
import { checkPdu } from './check-pdu.ts';
import type { CheckedPdu } from './check-pdu.ts';
import type { InboundContext } from './inbound-context.ts';
import {
  askingMsMax,
  eventsBytesMax,
  fetchedEventsMax,
  missingPerRound,
  requestsMax,
  singleEventsAtOnce,
  stateBytesMax,
  stateIdsBytesMax,
  stateIdsMax,
} from './limits.ts';

/** The room of a received event, and who sent it. */
export interface AskedRoom {
  readonly roomId: string;
  readonly roomNid: number;
  readonly version: RoomVersion;
  readonly origin: string;
}

/** More was to be asked, or was answered, than one event may cost. */
export class FetchLimitExceeded extends Error {
  constructor(what: string) {
    super(`one event would take more than the limit of ${what}`);
    this.name = 'FetchLimitExceeded';
  }
}

/** The events and the auth chain of a state. */
export interface AskedState {
  readonly state: readonly CheckedPdu[];
  readonly authChain: readonly CheckedPdu[];
}

/**
 * Asks a server about one room on behalf of one event. What it answers is checked, and what cannot be believed is left
 * out. Throws FederationError and {@link FetchLimitExceeded}.
 */
export class RoomRequests {
  readonly #context: InboundContext;
  readonly #room: AskedRoom;
  readonly #untilTs: number;
  #requests = 0;
  #events = 0;
  #isCutOff = false;

  constructor(context: InboundContext, room: AskedRoom) {
    this.#context = context;
    this.#room = room;
    this.#untilTs = context.rooms.now() + askingMsMax;
  }

  /** Whether the server could not be reached once: what it has is not known. */
  get isCutOff(): boolean {
    return this.#isCutOff;
  }

  /** Events between some that are known and some that are not, in any order. */
  async missingEvents(
    earliest: readonly string[],
    latest: readonly string[],
    minDepth: number,
  ): Promise<CheckedPdu[]> {
    const body = {
      earliest_events: [...earliest],
      latest_events: [...latest],
      limit: missingPerRound,
      min_depth: minDepth,
    };
    const answer = await this.#ask('get_missing_events', [this.#room.roomId], {
      method: 'POST',
      body,
      bodyBytesMax: eventsBytesMax,
    });
    return this.#checkAll(listIn(answer, 'events').slice(0, missingPerRound));
  }

  /** Events and what came before them, in any order. */
  async backfill(eventIds: readonly string[], limit: number): Promise<CheckedPdu[]> {
    const query = { v: [...eventIds], limit };
    const more = { query, bodyBytesMax: eventsBytesMax };
    const answer = await this.#ask('backfill', [this.#room.roomId], more);
    return this.#checkAll(listIn(answer, 'pdus').slice(0, limit), 'unlimited');
  }

  async authChain(eventId: string): Promise<CheckedPdu[]> {
    const more = { bodyBytesMax: stateBytesMax };
    const answer = await this.#ask('event_auth', [this.#room.roomId, eventId], more);
    return this.#checkAll(listIn(answer, 'auth_chain'));
  }

  async stateIds(eventId: string): Promise<{ state: string[]; authChain: string[] }> {
    const more = { query: { event_id: eventId }, bodyBytesMax: stateIdsBytesMax };
    const answer = await this.#ask('state_ids', [this.#room.roomId], more);
    const [state, authChain] = [idsIn(answer, 'pdu_ids'), idsIn(answer, 'auth_chain_ids')];
    if (state.length + authChain.length > stateIdsMax) throw new FetchLimitExceeded('state events');
    return { state, authChain };
  }

  async state(eventId: string): Promise<CheckedPdu[]> {
    const more = { query: { event_id: eventId }, bodyBytesMax: stateBytesMax };
    const answer = await this.#ask('state', [this.#room.roomId], more);
    return this.#checkAll([...listIn(answer, 'pdus'), ...listIn(answer, 'auth_chain')]);
  }

  /** Those of these events that the server gives. */
  async events(eventIds: readonly string[]): Promise<CheckedPdu[]> {
    const found: CheckedPdu[] = [];
    for (let start = 0; start < eventIds.length; start += singleEventsAtOnce) {
      const asked = eventIds.slice(start, start + singleEventsAtOnce);
      const answers = await Promise.all(asked.map((id) => this.event(id).catch(unlessRefused)));
      found.push(...answers.filter((answer) => answer !== undefined));
    }
    return found;
  }

  /** One event; undefined where the answer is not that event. */
  async event(eventId: string): Promise<CheckedPdu | undefined> {
    const answer = await this.#ask('event', [eventId]);
    const [event] = await this.#checkAll(listIn(answer, 'pdus').slice(0, 1));
    return event?.eventId === eventId ? event : undefined;
  }

  async #ask(
    endpoint: string,
    parameters: readonly string[],
    more: Pick<FederationRequest, 'body' | 'query' | 'bodyBytesMax'> & {
      method?: 'GET' | 'POST';
    } = {},
  ): Promise<JsonObject> {
    this.#requests += 1;
    if (this.#requests > requestsMax) throw new FetchLimitExceeded('requests');
    const { client, rooms, signal } = this.#context;
    if (rooms.now() > this.#untilTs) throw new FetchLimitExceeded('time');
    const path = ['/_matrix/federation/v1', endpoint, ...parameters.map(encodeURIComponent)];
    const destination = this.#room.origin;
    const request = { destination, method: 'GET' as const, path: path.join('/'), signal, ...more };
    try {
      const answer = await client.requestJson(request);
      return isJsonObject(answer) ? answer : {};
    } catch (error) {
      this.#isCutOff ||= error instanceof FederationError && CUT_OFF.has(error.failure);
      throw error;
    }
  }

  async #checkAll(
    values: readonly JsonValue[],
    references?: ReferenceLimits,
  ): Promise<CheckedPdu[]> {
    this.#events += values.length;
    if (this.#events > fetchedEventsMax) throw new FetchLimitExceeded('events');
    const { keyRing, rooms } = this.#context;
    const { version, roomId } = this.#room;
    const turns = new Turns();
    const checked: CheckedPdu[] = [];
    for (const value of values) {
      await turns.next();
      if (!isJsonObject(value)) continue;
      const checks = { keyRing, sha256: rooms.signer.sha256 };
      const event = await checkPdu(checks, value, version, references);
      if (event.ok && event.roomId === roomId) checked.push(event);
    }
    return checked;
  }
}

const CUT_OFF: ReadonlySet<FederationFailure> = new Set(['backing-off', 'unreachable']);

/** What a server does not have, or does not give, is left out. What does not get through is not. */
function unlessRefused(error: unknown): undefined {
  const isRefusal = error instanceof FederationError && error.failure === 'refused';
  const status = isRefusal ? (error.status ?? 0) : 0;
  if (status < 400 || status >= 500 || status === 401 || status === 429) throw error;
}

function listIn(answer: JsonObject, member: string): JsonValue[] {
  const list = answer[member];
  return Array.isArray(list) ? list : [];
}

function idsIn(answer: JsonObject, member: string): string[] {
  return listIn(answer, member).filter((id) => typeof id === 'string');
}
