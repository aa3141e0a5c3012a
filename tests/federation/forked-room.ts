import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';

import { isJsonObject, roomVersion, type JsonObject } from '@soma/protocol';

import { ok } from '../client-server/requests.ts';
import { pathOf } from '../harness/api.ts';
import { createRoom, registerUser, type TestUser } from '../harness/client.ts';
import { valueAt } from '../harness/json-path.ts';
import type { FederationUnderTest } from './federation-test.ts';
import { PlayedUser, signEvent } from './played-user.ts';

const version = roomVersion('11') ?? assert.fail();

/** Where administrators see the ends of a room. */
export function endsPath(room: string): string {
  return `/_synapse/admin/v1${pathOf`/rooms/${room}/forward_extremities`}`;
}

export interface ForkedRoom {
  readonly alice: TestUser;
  readonly bob: PlayedUser;
  readonly roomId: string;
  readonly eventIds: string[];
}

/**
 * A room with ends that a user of another server has made: all these events follow the same one. Its creator is told first,
 * so that others of the server can join.
 */
export async function forkedRoom(
  { one, newPeer }: FederationUnderTest,
  localpart: string,
  contents: readonly JsonObject[],
  created: (roomId: string, alice: TestUser) => Promise<void> = async () => {},
): Promise<ForkedRoom> {
  const alice = await registerUser(one, localpart);
  const bob = new PlayedUser(await newPeer(), 'bob');
  const roomId = await createRoom(alice, {
    preset: 'public_chat',
    room_version: '11',
    room_alias_name: localpart,
    power_level_content_override: { state_default: 0 },
  });
  await created(roomId, alice);
  await bob.become(one, 'join', roomId);
  const template = valueAt((await bob.make(one, 'leave', roomId)).body, 'event');
  assert.ok(isJsonObject(template));
  const { state_key: _, ...event } = template;
  const events = contents.map((changes) => signEvent(bob.peer, version, { ...event, ...changes }));
  await sendPdus(
    bob,
    one.serverName,
    events.map(({ pdu }) => pdu),
  );
  return { alice, bob, roomId, eventIds: events.map(({ eventId }) => eventId) };
}

/** Sends events as the user's server does. */
export async function sendPdus(
  { peer }: PlayedUser,
  serverName: string,
  pdus: readonly JsonObject[],
): Promise<void> {
  const body = { origin: peer.serverName, origin_server_ts: 1, pdus: [...pdus], edus: [] };
  const path = `/_matrix/federation/v1${pathOf`/send/${String(Math.random())}`}`;
  const { status } = await peer.request(serverName, 'PUT', path, { body });
  assert.equal(status, 200);
}

export function said(text: string): JsonObject {
  return { type: 'm.room.message', content: { msgtype: 'm.text', body: text } };
}

/** Waits until a room has so many ends. */
export function untilEnds(admin: TestUser, roomId: string, count: number): Promise<unknown> {
  return untilCount(admin, roomId, (found) => found === count, `${count} ends`);
}

/** Waits until a room has so many ends at most. */
export async function untilFewEnds(admin: TestUser, roomId: string, most: number): Promise<void> {
  await untilCount(admin, roomId, (found) => found <= most, `at most ${most} ends`);
}

async function untilCount(
  admin: TestUser,
  roomId: string,
  holds: (count: number) => boolean,
  what: string,
): Promise<unknown> {
  const deadlineMs = performance.now() + 30_000;
  for (;;) {
    const body = await ok(admin, 'GET', endsPath(roomId));
    if (holds(Number(valueAt(body, 'count')))) return body;
    if (performance.now() > deadlineMs) {
      assert.fail(`the room does not come to have ${what}: ${JSON.stringify(body)}`);
    }
    await sleep(25);
  }
}
