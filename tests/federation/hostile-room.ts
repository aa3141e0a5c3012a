import assert from 'node:assert/strict';
import { hash, randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

import {
  contentHash,
  isJsonObject,
  referenceText,
  roomVersion,
  type JsonObject,
  type JsonValue,
  type RoomVersion,
} from '@soma/protocol';

import { ok, roomPath } from '../client-server/requests.ts';
import { pathOf, type Response } from '../harness/api.ts';
import { createRoom, registerUser, sendText, sync, type TestUser } from '../harness/client.ts';
import type { FederatedServer } from '../harness/federation.ts';
import { listAt, textAt, valueAt } from '../harness/json-path.ts';
import type { TestPeer } from '../harness/peer.ts';
import type { FederationUnderTest } from './federation-test.ts';
import { said } from './forked-room.ts';
import { PlayedUser, signEvent, type SignedEvent } from './played-user.ts';

/** How soon an event of a server that means well is to be there, whatever others do. */
const SOON_MS = 8_000;

/** Fields of an event that are not as they should be; undefined ones are left out. */
export type Changes = Readonly<Record<string, JsonValue | undefined>>;

export interface HostileRoomOptions {
  readonly version?: string;
  /** The servers of mallory and carol; new ones by default. */
  readonly hostile?: TestPeer;
  readonly honest?: TestPeer;
}

/** A room of alice's server, with mallory of a server that means harm and carol of one that does not. */
export class HostileRoom {
  readonly server: FederatedServer;
  readonly alice: TestUser;
  readonly mallory: PlayedUser;
  readonly carol: PlayedUser;
  readonly roomId: string;
  readonly version: RoomVersion;
  /** An event of mallory's at the end that the room had when she had come, as the server would have it. */
  readonly template: JsonObject;

  private constructor(
    server: FederatedServer,
    users: readonly [TestUser, PlayedUser, PlayedUser],
    room: { roomId: string; version: RoomVersion; template: JsonObject },
  ) {
    this.server = server;
    [this.alice, this.mallory, this.carol] = users;
    this.roomId = room.roomId;
    this.version = room.version;
    this.template = room.template;
  }

  static async open(
    { one, newPeer }: FederationUnderTest,
    alice: TestUser | string,
    options: HostileRoomOptions = {},
  ): Promise<HostileRoom> {
    const user = typeof alice === 'string' ? await registerUser(one, alice) : alice;
    const mallory = new PlayedUser(options.hostile ?? (await newPeer()), 'mallory');
    const carol = new PlayedUser(options.honest ?? (await newPeer()), 'carol');
    const version = roomVersion(options.version ?? '11') ?? assert.fail();
    const roomId = await createRoom(user, { preset: 'public_chat', room_version: version.id });
    await carol.become(one, 'join', roomId);
    await mallory.become(one, 'join', roomId);
    const template = await templateFor(mallory, one, roomId);
    return new HostileRoom(one, [user, mallory, carol], { roomId, version, template });
  }

  /** An event of mallory's, signed by her server; what is undefined is left out. */
  make(changes: Changes = {}): SignedEvent {
    return signEvent(this.mallory.peer, this.version, this.#changed(changes));
  }

  /** What need not be an event at all; hashed and signed as far as it can be. */
  forge(changes: Changes): JsonObject {
    const { serverName, key } = this.mallory.peer;
    const event = this.#changed(changes);
    const sha256 = (text: string): string => hash('sha256', text, 'base64');
    const hashes =
      'hashes' in changes ? {} : { hashes: { sha256: contentHash(event, { sha256 }) } };
    const hashed = { ...hashes, ...event };
    const signature = key.sign(referenceText(hashed, this.version));
    return { signatures: { [serverName]: { [key.keyId]: signature } }, ...hashed };
  }

  #changed(changes: Changes): JsonObject {
    const event = { ...this.template, ...said(randomUUID()), ...changes };
    const kept = Object.entries(event).filter((entry): entry is [string, JsonValue] => {
      return entry[1] !== undefined;
    });
    return Object.fromEntries(kept);
  }

  /** How the events of the room name another one. */
  reference(eventId: string): JsonValue {
    return this.version.eventId === 'field' ? [eventId, { sha256: 'A'.repeat(43) }] : eventId;
  }

  /** IDs of events that nobody has. */
  unknown(count: number): JsonValue[] {
    const id = (): string =>
      this.version.eventId === 'field'
        ? `$${randomUUID()}:${this.mallory.peer.serverName}`
        : `$${randomUUID().replaceAll('-', '').padEnd(43, 'A')}`;
    return Array.from({ length: count }, () => this.reference(id()));
  }

  /** A transaction of a server; its own by default. */
  send(
    pdus: readonly JsonObject[],
    edus: readonly JsonObject[] = [],
    { peer } = this.mallory,
  ): Promise<Response> {
    return sendTransaction(peer, this.server, pdus, edus);
  }

  /** Carol says something, and it is there soon. */
  async hearCarol(text: string = randomUUID()): Promise<void> {
    const event = await templateFor(this.carol, this.server, this.roomId);
    const signed = signEvent(this.carol.peer, this.version, { ...event, ...said(text) });
    const { status, body } = await this.send([signed.pdu], [], this.carol);
    assert.equal(status, 200, JSON.stringify(body));
    assert.deepEqual(Object.values(Object(valueAt(body, 'pdus'))), [{}]);
    await this.untilSeen(signed.eventId);
  }

  async untilSeen(eventId: string, withinMs = SOON_MS): Promise<void> {
    const deadlineMs = performance.now() + withinMs;
    while (!(await this.has(eventId))) {
      assert.ok(performance.now() < deadlineMs, `${eventId} does not come`);
      await sleep(25);
    }
  }

  async has(eventId: string): Promise<boolean> {
    const path = roomPath(this.roomId, 'event', eventId);
    return (await this.alice.request('GET', path)).status === 200;
  }

  /** The current state: event IDs by type and state key. */
  async state(): Promise<Readonly<Record<string, string>>> {
    const events = listAt(await ok(this.alice, 'GET', roomPath(this.roomId, 'state')));
    const entries = events.map((event) => [
      `${textAt(event, 'type')} ${textAt(event, 'state_key')}`,
      textAt(event, 'event_id'),
    ]);
    return Object.fromEntries(entries);
  }

  /** The room goes on, for users of this server and of others, and its state is what it was. */
  async assertUnharmed(stateBefore: Readonly<Record<string, string>>): Promise<void> {
    const eventId = await sendText(this.alice, this.roomId, 'unharmed');
    const shown = JSON.stringify((await sync(this.alice)).body);
    assert.ok(shown.includes(eventId), 'alice sees what she says');
    await this.hearCarol();
    assert.deepEqual(await this.state(), stateBefore);
  }
}

/** A message of a user at the room's present end. */
export async function templateFor(
  user: PlayedUser,
  server: FederatedServer,
  roomId: string,
): Promise<JsonObject> {
  const { status, body } = await user.make(server, 'leave', roomId);
  assert.equal(status, 200, JSON.stringify(body));
  const template = valueAt(body, 'event');
  assert.ok(isJsonObject(template));
  const { state_key: _, ...event } = template;
  return { ...event, ...said('text'), origin_server_ts: Date.now() };
}

export function sendTransaction(
  peer: TestPeer,
  server: FederatedServer,
  pdus: readonly JsonObject[],
  edus: readonly JsonObject[] = [],
): Promise<Response> {
  const body: JsonObject = {
    origin: peer.serverName,
    origin_server_ts: Date.now(),
    pdus: [...pdus],
    edus: [...edus],
  };
  const path = `/_matrix/federation/v1${pathOf`/send/${randomUUID()}`}`;
  return peer.request(server.serverName, 'PUT', path, { body });
}

/** How a peer answers what it is asked of rooms. */
export type PlayedAnswer = (
  action: string,
  request: IncomingMessage,
  response: ServerResponse,
) => unknown;

/** Lets a peer answer by JSON values; undefined for what answers by itself, or never. */
export function playAnswers(peer: TestPeer, answer: PlayedAnswer): void {
  peer.answer = (request, response) => {
    const action = (request.url ?? '').split('?')[0]?.split('/')[4] ?? '';
    void Promise.resolve(answer(action, request, response)).then((value) => {
      if (value === undefined) return;
      response.setHeader('content-type', 'application/json').end(JSON.stringify(value));
    });
  };
}
