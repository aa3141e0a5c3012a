import { hash } from 'node:crypto';

import {
  DEFAULT_ROOM_VERSION,
  authEventKeys,
  buildEvent,
  eventIdOf,
  parseEventId,
  parsePduText,
  parseRoomId,
  referenceTo,
  roomVersion,
  type BuiltEvent,
  type JsonObject,
  type RoomVersion,
} from '@soma/protocol';

import type { TestPeer } from '../../tests/harness/peer.ts';

const firstMs = 1_700_000_000_000;

/** A room whose events follow one another, made and signed by played servers. */
export class GeneratedRoom {
  readonly version: RoomVersion;
  readonly roomId: string;
  readonly creator: string;
  /** The state by type and state key, oldest first. */
  readonly state = new Map<string, BuiltEvent>();
  last: BuiltEvent;

  /** @param resident is the server of the room's creator */
  constructor(resident: TestPeer) {
    const version = roomVersion(DEFAULT_ROOM_VERSION);
    if (version === undefined) throw new Error('there is no default room version');
    this.version = version;
    const isNewForm = version.roomId === 'create-event';
    const creator = `@host:${resident.serverName}`;
    this.creator = creator;
    const givenId = `!bench:${resident.serverName}`;
    const create = build(resident, {
      roomVersion: version,
      type: 'm.room.create',
      state_key: '',
      sender: creator,
      content: {
        room_version: version.id,
        ...(version.creators === 'content-creator' ? { creator } : {}),
      },
      ...(isNewForm ? {} : { room_id: givenId }),
      prev_events: [],
      auth_events: [],
      depth: 1,
      origin_server_ts: firstMs,
    });
    this.roomId = isNewForm ? create.roomId : givenId;
    this.last = create;
    this.state.set('m.room.create\n', create);
    this.add(resident, 'm.room.member', creator, { membership: 'join' }, creator);
    const users = isNewForm ? {} : { [creator]: 100 };
    this.add(resident, 'm.room.power_levels', '', { users }, creator);
    this.add(resident, 'm.room.join_rules', '', { join_rule: 'public' }, creator);
    this.add(resident, 'm.room.history_visibility', '', { history_visibility: 'shared' }, creator);
    this.add(resident, 'm.room.name', '', { name: 'A room that is measured' }, creator);
  }

  /** Joins users of these servers in turn until the room has so many members. */
  grow(servers: readonly TestPeer[], members: number): void {
    for (let number = this.#members(); number < members; number += 1) {
      const server = servers[number % servers.length];
      if (server === undefined) throw new Error('there are no servers');
      const userId = `@user${number}:${server.serverName}`;
      const content = { membership: 'join', displayname: `User ${number}` };
      this.add(server, 'm.room.member', userId, content, userId);
    }
  }

  /** Adds an event to the room's end. */
  add(
    server: TestPeer,
    type: string,
    stateKey: string | undefined,
    content: JsonObject,
    sender: string,
  ): BuiltEvent {
    const built = this.build(server, type, stateKey, content, sender);
    this.place(built);
    return built;
  }

  /** An event of another server comes to the room's end. */
  placeText(text: string): void {
    const parsed = parsePduText(text, this.version);
    if (!parsed.ok) throw new Error(parsed.problem.reason);
    const { pdu, json } = parsed;
    const eventId = parseEventId(eventIdOf(pdu, this.version, { sha256 }));
    const roomId = parseRoomId(this.roomId);
    if (eventId === undefined || roomId === undefined) throw new Error('the event has no ID');
    const reference = referenceTo(pdu, eventId, this.version, { sha256 });
    this.place({ ok: true, eventId, roomId, pdu, reference, json });
  }

  place(event: BuiltEvent): void {
    this.last = event;
    const { type, state_key: stateKey } = event.pdu;
    if (stateKey !== undefined) this.state.set(`${type}\n${stateKey}`, event);
  }

  build(
    server: TestPeer,
    type: string,
    stateKey: string | undefined,
    content: JsonObject,
    sender: string,
  ): BuiltEvent {
    const subject = { ...(stateKey === undefined ? {} : { state_key: stateKey }), type, sender };
    return build(server, {
      roomVersion: this.version,
      ...subject,
      content,
      room_id: this.roomId,
      ...this.placeOf({ ...subject, content }),
      origin_server_ts: firstMs + this.last.pdu.depth,
    });
  }

  /** Where an event at the room's end stands. */
  placeOf(subject: Parameters<typeof authEventKeys>[0]) {
    const keys = authEventKeys(subject, this.version);
    const auth = keys.flatMap(([type, key]) => this.state.get(`${type}\n${key}`) ?? []);
    return {
      prev_events: [this.last.reference],
      auth_events: auth.map(({ reference }) => reference),
      depth: this.last.pdu.depth + 1,
    };
  }

  #members(): number {
    return [...this.state.keys()].filter((key) => key.startsWith('m.room.member\n')).length;
  }
}

function sha256(text: string): string {
  return hash('sha256', text, 'base64');
}

function build(server: TestPeer, template: Parameters<typeof buildEvent>[0]): BuiltEvent {
  const { serverName, key } = server;
  const built = buildEvent(template, { serverName, keyId: key.keyId, sign: key.sign, sha256 });
  if (!built.ok) throw new Error(built.problem.reason);
  return built;
}
