import assert from 'node:assert/strict';
import { join as joinPath } from 'node:path';

import type { JsonObject } from '@soma/protocol';
import { isJsonObject } from '@soma/protocol';

import { pathOf } from '../harness/api.ts';
import { registerUser } from '../harness/client.ts';
import type { TestUser } from '../harness/client.ts';
import type { FederatedServer } from '../harness/federation.ts';
import { listAt, valueAt } from '../harness/json-path.ts';
import type { TestPeer } from '../harness/peer.ts';
import { runCli } from '../harness/run-cli.ts';
import { until } from '../harness/until.ts';
import type { FederationUnderTest } from './federation-test.ts';
import { PlayedRoom, playRooms, reply, textOf } from './played-room.ts';
import type { SignedEvent } from './played-user.ts';

const v3 = '/_matrix/client/v3';
export const lazy = { room: { state: { lazy_load_members: true } } };

/** What is held back until it is let go. */
class Gate {
  readonly opened: Promise<void>;
  #open: () => void = () => {};

  constructor() {
    this.opened = new Promise((resolve) => {
      this.#open = resolve;
    });
  }

  open(): void {
    this.#open();
  }
}

export interface Played {
  readonly room: PlayedRoom;
  /** Events that the peer was sent. */
  readonly sent: JsonObject[];
  /** Holds back the whole state. */
  gate: Gate;
  /** Holds it back anew. */
  close(): void;
}

/** A room with some members, which a peer tells without them first. */
export function playPartialRoom(peer: TestPeer, members = 3, version = '11'): Played {
  const room = new PlayedRoom(peer, {
    version,
    omitsMembers: true,
    state: { 'm.room.name': { name: 'Large' } },
  });
  for (let index = 0; index < members; index += 1) {
    const userId = `@member${index}:${peer.serverName}`;
    room.add('m.room.member', userId, { membership: 'join' }, userId);
  }
  const sent: JsonObject[] = [];
  const played: Played = {
    room,
    sent,
    gate: new Gate(),
    close: () => {
      played.gate = new Gate();
    },
  };
  room.answers.state = async (eventId) => {
    await played.gate.opened;
    return room.wholeState(eventId);
  };
  playRooms(peer, [room], (request, response) => {
    void textOf(request).then((body) => {
      if (request.url?.startsWith('/_matrix/federation/v1/send/') !== true) {
        reply(response, 404, { errcode: 'M_NOT_FOUND', error: 'not played' });
        return;
      }
      const pdus = listAt(JSON.parse(body), 'pdus').filter((pdu) => isJsonObject(pdu));
      sent.push(...pdus);
      reply(response, 200, { pdus: {} });
    });
  });
  return played;
}

/** Such a room, and a user who is about to join it. */
export async function playFor(
  { one, newPeer }: FederationUnderTest,
  localpart: string,
  { members, version }: { members?: number; version?: string } = {},
) {
  const peer = await newPeer();
  const played = playPartialRoom(peer, members, version);
  const alice = await registerUser(one, localpart);
  return { one, peer, played, room: played.room, gate: played.gate, alice };
}

export async function assertSound(server: FederatedServer): Promise<void> {
  await server.stop();
  const config = joinPath(server.folder, 'homeserver.yaml');
  const { code, out, err } = await runCli(['check-database', '-c', config]);
  assert.equal(code, 0, out + err);
  await server.restart();
}

export async function join(user: TestUser, room: PlayedRoom): Promise<void> {
  const path = v3 + pathOf`/join/${room.roomId}`;
  const query = { via: room.peer.serverName };
  const { status, body } = await user.request('POST', path, { body: {}, query });
  assert.equal(status, 200, JSON.stringify(body));
}

export function eventually(what: string, holds: () => Promise<boolean> | boolean): Promise<void> {
  return until(what, holds, 15_000);
}

export async function memberIds(user: TestUser, roomId: string): Promise<string[]> {
  const { status, body } = await user.request('GET', v3 + pathOf`/rooms/${roomId}/joined_members`);
  assert.equal(status, 200, JSON.stringify(body));
  return Object.keys(valueAt(body, 'joined') ?? {}).toSorted();
}

export function expectedIds({ room }: Played, ...users: readonly { readonly userId: string }[]) {
  const ids = [...room.state.values()].flatMap(({ pdu }) =>
    pdu.type === 'm.room.member' && pdu.content['membership'] === 'join'
      ? [pdu.state_key ?? '']
      : [],
  );
  return [...new Set([...ids, ...users.map(({ userId }) => userId)])].toSorted();
}

export async function send(
  peer: TestPeer,
  { serverName }: FederatedServer,
  events: readonly Pick<SignedEvent, 'pdu'>[],
): Promise<void> {
  const body = {
    origin: peer.serverName,
    origin_server_ts: Date.now(),
    pdus: events.map(({ pdu }) => pdu),
  };
  const path = `/_matrix/federation/v1/send/${Math.random()}`;
  const answer = await peer.request(serverName, 'PUT', path, { body });
  assert.equal(answer.status, 200, JSON.stringify(answer.body));
}

export async function texts(user: TestUser, roomId: string): Promise<unknown[]> {
  const path = v3 + pathOf`/rooms/${roomId}/messages`;
  const { body } = await user.request('GET', path, { query: { dir: 'b', limit: 20 } });
  return listAt(body, 'chunk').map((event) => valueAt(event, 'content', 'body'));
}
