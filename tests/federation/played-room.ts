import { hash } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';

import {
  authEventIds,
  authEventKeys,
  buildEvent,
  eventIdOf,
  parsePdu,
  referenceTo,
  roomVersion,
  signJson,
  redactPdu,
} from '@soma/protocol';
import type {
  BuiltEvent,
  EventCrypto,
  JsonObject,
  JsonValue,
  Pdu,
  RoomVersion,
} from '@soma/protocol';

import type { TestPeer } from '../harness/peer.ts';

/** An event of a room that a peer plays. */
export interface PlayedEvent {
  readonly eventId: string;
  readonly pdu: Pdu;
}

export interface PlayedRoomOptions {
  readonly version?: string;
  /** The content of `m.room.join_rules`; public by default. */
  readonly joinRules?: JsonObject;
  /** State beside the usual, by type, each with the state key ''. */
  readonly state?: Readonly<Record<string, JsonObject>>;
  /** Whether the answer to a join leaves out members, where that is asked for. */
  readonly omitsMembers?: boolean;
}

/** What a peer answers; a test replaces one of these where the peer is to lie. */
export interface PlayedAnswers {
  template(userId: string, membership: string): JsonValue;
  join(event: PlayedEvent): JsonValue;
  leave(event: PlayedEvent): JsonValue;
  knock(event: PlayedEvent): JsonValue;
  /** The state before an event. */
  state(eventId: string): JsonValue | Promise<JsonValue>;
}

/** An answer other than 200, or one that is not JSON. */
export class PlayedRefusal extends Error {
  readonly status: number;
  readonly body: JsonObject;

  constructor(status: number, errcode: string, extra: JsonObject = {}) {
    super(errcode);
    this.status = status;
    this.body = { errcode, error: `${errcode} of the peer`, ...extra };
  }
}

/** A room of which a peer is the resident server: its events are real, and its answers too unless the test says so. */
export class PlayedRoom {
  readonly peer: TestPeer;
  readonly version: RoomVersion;
  readonly creatorId: string;
  roomId = '';
  /** Every event, oldest first. */
  readonly events: PlayedEvent[] = [];
  readonly state = new Map<string, PlayedEvent>();
  readonly answers: PlayedAnswers;
  /** What a peer is asked of this room, in order: `make_join`, `send_join`, … */
  readonly asked: string[] = [];
  readonly #omitsMembers: boolean;
  /** The state before each event, as its server had it. */
  readonly #before = new Map<string, readonly PlayedEvent[]>();
  #isToOmit = false;
  #broken: string | undefined;
  #depth = 0;
  #opaque = 0;

  constructor(peer: TestPeer, options: PlayedRoomOptions = {}) {
    this.peer = peer;
    const version = roomVersion(options.version ?? '12');
    if (version === undefined) throw new Error('no such room version');
    this.version = version;
    this.creatorId = `@host:${peer.serverName}`;
    this.#omitsMembers = options.omitsMembers ?? false;
    this.answers = {
      template: (userId, membership) => this.template(userId, { membership }),
      join: (event) => this.takeJoin(event),
      leave: (event) => this.take(event, {}),
      knock: (event) => this.take(event, { knock_room_state: this.strippedState() }),
      state: (eventId) => this.wholeState(eventId),
    };
    this.#begin(options);
  }

  #begin({ joinRules = { join_rule: 'public' }, state = {} }: PlayedRoomOptions): void {
    const { version, creatorId } = this;
    const isNewForm = version.roomId === 'create-event';
    if (!isNewForm) this.roomId = `!played${Math.random()}:${this.peer.serverName}`;
    const create = this.add('m.room.create', '', {
      room_version: version.id,
      // Two that are made in one millisecond would be one room, from version 12 on.
      'org.example.number': Math.random().toString(36),
      ...(version.creators === 'content-creator' ? { creator: creatorId } : {}),
    });
    if (isNewForm) this.roomId = `!${create.eventId.slice(1)}`;
    this.add('m.room.member', creatorId, { membership: 'join', displayname: 'Host' });
    const users = isNewForm ? {} : { [creatorId]: 100 };
    this.add('m.room.power_levels', '', { users, invite: 0 });
    this.add('m.room.join_rules', '', joinRules);
    this.add('m.room.history_visibility', '', { history_visibility: 'shared' });
    for (const [type, content] of Object.entries(state)) this.add(type, '', content);
  }

  /** Adds an event of a user of the peer. */
  add(
    type: string,
    stateKey: string | undefined,
    content: JsonObject,
    sender = this.creatorId,
  ): PlayedEvent {
    const event = this.build(type, stateKey, content, sender);
    this.place(event);
    return event;
  }

  /** Puts an event at the room's end. */
  place(event: PlayedEvent): void {
    this.events.push(event);
    const { type, state_key: stateKey } = event.pdu;
    if (stateKey !== undefined) this.state.set(`${type}\n${stateKey}`, event);
    this.#depth = Math.max(this.#depth, event.pdu.depth);
  }

  /** Puts an event at the room's end that a server has sent. */
  placePdu(sent: JsonObject): void {
    const parsed = parsePdu(sent, this.version);
    if (!parsed.ok) throw new Error(parsed.problem.reason);
    this.place({ eventId: eventIdOf(parsed.pdu, this.version, this.crypto()), pdu: parsed.pdu });
  }

  /** Builds and signs an event on the room's end, without adding it. */
  build(
    type: string,
    stateKey: string | undefined,
    content: JsonObject,
    sender = this.creatorId,
  ): BuiltEvent {
    return this.buildAs(this.peer, type, stateKey, content, sender);
  }

  /** An event of another server. */
  buildAs(
    peer: TestPeer,
    type: string,
    stateKey: string | undefined,
    content: JsonObject,
    sender: string,
  ): BuiltEvent {
    const { version } = this;
    const built = buildEvent(
      {
        roomVersion: version,
        type,
        ...(stateKey === undefined ? {} : { state_key: stateKey }),
        sender,
        content,
        ...(this.roomId === '' ? {} : { room_id: this.roomId }),
        ...this.#place({ type, state_key: stateKey, sender, content }),
        origin_server_ts: Date.now(),
        newOpaqueId: () => `played${(this.#opaque += 1)}`,
      },
      this.crypto(peer),
    );
    if (!built.ok) throw new Error(built.problem.reason);
    this.#before.set(built.eventId, [...this.state.values()]);
    return built;
  }

  crypto({ serverName, key }: TestPeer = this.peer): EventCrypto {
    const sha256 = (text: string): string => hash('sha256', text, 'base64');
    return { serverName, keyId: key.keyId, sign: key.sign, sha256 };
  }

  #place(subject: {
    type: string;
    state_key: string | undefined;
    sender: string;
    content: JsonObject;
  }) {
    const { version } = this;
    const { state_key: stateKey, ...rest } = subject;
    const keys = authEventKeys(
      { ...rest, ...(stateKey === undefined ? {} : { state_key: stateKey }) },
      version,
    );
    const authEvents = keys.flatMap(([type, key]) => this.state.get(`${type}\n${key}`) ?? []);
    const last = this.events.at(-1);
    const refer = ({ pdu, eventId }: PlayedEvent) =>
      referenceTo(pdu, eventId, version, this.crypto());
    return {
      prev_events: last === undefined ? [] : [refer(last)],
      auth_events: authEvents.map(refer),
      depth: this.#depth + 1,
    };
  }

  template(userId: string, content: JsonObject): JsonObject {
    const subject = { type: 'm.room.member', state_key: userId, sender: userId, content };
    return {
      room_version: this.version.id,
      event: {
        ...subject,
        ...this.#place(subject),
        room_id: this.roomId,
        origin: this.peer.serverName,
        origin_server_ts: Date.now(),
      },
    };
  }

  /** The answer to a join, which is in the room from then on. */
  takeJoin(event: PlayedEvent): JsonObject {
    const before = [...this.state.values()];
    this.#before.set(event.eventId, before);
    const isPartial = this.#omitsMembers && this.#isToOmit;
    const servers = new Set(
      before.flatMap(({ pdu: { type, state_key: userId = '', content } }) =>
        type === 'm.room.member' && content['membership'] === 'join'
          ? [userId.slice(userId.indexOf(':') + 1)]
          : [],
      ),
    );
    const shown = before.filter(({ pdu }) => !isPartial || pdu.type !== 'm.room.member');
    const state = shown.map(({ pdu }) => pdu);
    const authChain = isPartial
      ? this.#authorising([...shown, event])
      : this.events.filter(({ pdu }) => pdu.state_key !== undefined).map(({ pdu }) => pdu);
    const signed = signJson(redactPdu(event.pdu, this.version), this.crypto());
    const pdu = {
      ...event.pdu,
      signatures: { ...event.pdu.signatures, ...signed.signatures },
    };
    this.place({ ...event, pdu });
    return {
      origin: this.peer.serverName,
      state,
      auth_chain: authChain,
      event: pdu,
      members_omitted: isPartial,
      ...(isPartial ? { servers_in_room: [...servers] } : {}),
    };
  }

  /** The auth chain of these events. */
  #authorising(events: readonly PlayedEvent[]): Pdu[] {
    const byId = new Map(this.events.map((event) => [event.eventId, event.pdu]));
    const found = new Map<string, Pdu>();
    const left = events.map(({ pdu }) => pdu);
    for (let pdu = left.pop(); pdu !== undefined; pdu = left.pop()) {
      for (const id of authEventIds(pdu)) {
        const listed = byId.get(id);
        if (listed === undefined || found.has(id)) continue;
        found.set(id, listed);
        left.push(listed);
      }
    }
    return [...found.values()];
  }

  /** The newest events up to those that are named. */
  #backfill(searchParams: URLSearchParams): Pdu[] {
    const named = searchParams.getAll('v');
    const last = this.events.findLastIndex(({ eventId }) => named.includes(eventId));
    const limit = Number(searchParams.get('limit'));
    return this.events
      .slice(Math.max(0, last + 1 - limit), last + 1)
      .toReversed()
      .map(({ pdu }) => pdu);
  }

  /** The state before an event that was built here, or a join that was taken. */
  wholeState(eventId: string): JsonObject {
    const { state, authChain } = this.#stateAt(eventId);
    return { pdus: state.map(({ pdu }) => pdu), auth_chain: authChain.map(({ pdu }) => pdu) };
  }

  /** Takes out of the state before an event what is not under such a key. */
  tellState(eventId: string, holds: (key: string) => boolean): void {
    const { state } = this.#stateAt(eventId);
    const kept = state.filter(({ pdu }) => holds(`${pdu.type}\n${pdu.state_key}`));
    this.#before.set(eventId, kept);
  }

  #stateIds(eventId: string): JsonObject {
    const { state, authChain } = this.#stateAt(eventId);
    return {
      pdu_ids: state.map((event) => event.eventId),
      auth_chain_ids: authChain.map((event) => event.eventId),
    };
  }

  #stateAt(eventId: string) {
    const state = this.#before.get(eventId);
    if (state === undefined) throw new PlayedRefusal(404, 'M_NOT_FOUND');
    const authChain = this.events.filter(({ pdu }) => pdu.state_key !== undefined);
    return { state, authChain };
  }

  #event(eventId: string): JsonObject | undefined {
    const found = this.events.find((event) => event.eventId === eventId);
    if (found === undefined) return undefined;
    return { origin: this.peer.serverName, origin_server_ts: Date.now(), pdus: [found.pdu] };
  }

  /** Breaks off in place of an answer to such questions; undefined for none. */
  breaksOff(action: string | undefined): void {
    this.#broken = action;
  }

  take(event: PlayedEvent, answer: JsonObject): JsonObject {
    this.place(event);
    return answer;
  }

  strippedState(): JsonObject[] {
    return [...this.state.values()]
      .filter(({ pdu }) => pdu.type !== 'm.room.member')
      .map(({ pdu: { type, state_key: stateKey = '', sender, content } }) => ({
        type,
        state_key: stateKey,
        sender,
        content,
      }));
  }

  /** The events that go with an invitation from v1.16 on. */
  inviteState(): Pdu[] {
    return ['m.room.create', 'm.room.name', 'm.room.join_rules'].flatMap(
      (type) => this.state.get(`${type}\n`)?.pdu ?? [],
    );
  }

  /** Answers what the peer is asked of this room; false for anything else. */
  async handle(request: IncomingMessage, response: ServerResponse): Promise<boolean> {
    const url = new URL(request.url ?? '', 'https://peer');
    const [, , , api, action = '', roomId = '', last = ''] = url.pathname
      .split('/')
      .map(decodeURIComponent);
    const named = action === 'event' ? this.#event(roomId) : undefined;
    if (named !== undefined) reply(response, 200, named);
    if (roomId !== this.roomId) return named !== undefined;
    this.asked.push(api === 'v1' && action.startsWith('send_') ? `${action} v1` : action);
    if (this.#broken === action) {
      request.socket.destroy();
      return true;
    }
    this.#isToOmit = url.searchParams.get('omit_members') === 'true';
    try {
      const answer =
        action === 'state'
          ? await this.answers.state(url.searchParams.get('event_id') ?? '')
          : await this.#answer(request, action, last);
      if (answer === undefined) return false;
      reply(
        response,
        200,
        api === 'v1' && /^send_(?:join|leave)$/.test(action) ? [200, answer] : answer,
      );
    } catch (error) {
      if (!(error instanceof PlayedRefusal)) throw error;
      reply(response, error.status, error.body);
    }
    return true;
  }

  async #answer(
    request: IncomingMessage,
    action: string,
    last: string,
  ): Promise<JsonValue | undefined> {
    if (action === 'event_auth') {
      const events = this.events.filter(({ eventId }) => eventId === last);
      return { auth_chain: this.#authorising(events) };
    }
    const { searchParams } = new URL(request.url ?? '', 'https://peer');
    if (action === 'backfill') return { pdus: this.#backfill(searchParams) };
    if (action === 'state_ids') return this.#stateIds(searchParams.get('event_id') ?? '');
    const made = /^make_(join|leave|knock)$/.exec(action)?.[1];
    if (made !== undefined) return this.answers.template(last, made);
    const sent = /^send_(join|leave|knock)$/.exec(action)?.[1];
    if (sent === undefined) return undefined;
    const parsed = parsePdu(JSON.parse(await textOf(request)), this.version);
    if (!parsed.ok) throw new PlayedRefusal(400, 'M_BAD_JSON', { error: parsed.problem.reason });
    const eventId = eventIdOf(parsed.pdu, this.version, this.crypto());
    if (eventId !== last) throw new PlayedRefusal(400, 'M_INVALID_PARAM');
    const event = { eventId, pdu: parsed.pdu };
    if (sent === 'join') return this.answers.join(event);
    return sent === 'leave' ? this.answers.leave(event) : this.answers.knock(event);
  }
}

/** Lets a peer answer for its rooms, and by `others` what is of none of them. */
export function playRooms(
  peer: TestPeer,
  rooms: readonly PlayedRoom[],
  others: (request: IncomingMessage, response: ServerResponse) => void = notFound,
): void {
  peer.answer = (request, response) => {
    void (async () => {
      for (const room of rooms) if (await room.handle(request, response)) return;
      others(request, response);
    })();
  };
}

export async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks).toString('utf8');
}

export function reply(response: ServerResponse, status: number, body: JsonValue): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
}

function notFound(_: IncomingMessage, response: ServerResponse): void {
  reply(response, 404, { errcode: 'M_NOT_FOUND', error: 'not played' });
}
