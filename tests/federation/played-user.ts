import assert from 'node:assert/strict';
import { hash, randomUUID } from 'node:crypto';

import {
  contentHash,
  eventIdOf,
  isJsonObject,
  parsePdu,
  referenceText,
  roomVersion,
  supportedRoomVersions,
  type JsonObject,
  type RoomVersion,
} from '@soma/protocol';

import { pathOf, type Response } from '../harness/api.ts';
import type { FederatedServer } from '../harness/federation.ts';
import { textAt, valueAt } from '../harness/json-path.ts';
import type { TestPeer } from '../harness/peer.ts';
import type { TestSigningKey } from '../harness/signing-key.ts';

const v1 = '/_matrix/federation/v1';
const v2 = '/_matrix/federation/v2';
const sha256 = (text: string): string => hash('sha256', text, 'base64');

/** Who signs an event. */
export interface Signer {
  readonly serverName: string;
  readonly key: Pick<TestSigningKey, 'keyId' | 'sign'>;
}

/** An event as its sender makes it. */
export interface SignedEvent {
  readonly eventId: string;
  readonly pdu: JsonObject;
}

/** Hashes and signs an event; in room versions 1 and 2 it gets an ID, by default a new one. */
export function signEvent(
  { serverName, key }: Signer,
  version: RoomVersion,
  event: JsonObject,
  eventId = `$${randomUUID()}:${serverName}`,
): SignedEvent {
  const own = version.eventId === 'field' ? { event_id: eventId } : {};
  const unhashed = { ...event, ...own };
  const hashed = { ...unhashed, hashes: { sha256: contentHash(unhashed, { sha256 }) } };
  const signature = key.sign(referenceText(hashed, version));
  const pdu = { ...hashed, signatures: { [serverName]: { [key.keyId]: signature } } };
  return { eventId: idOf(pdu, version), pdu };
}

/** The ID of an event in the form of federation. */
export function idOf(pdu: unknown, version: RoomVersion): string {
  const parsed = parsePdu(pdu, version, 'unlimited');
  assert.ok(parsed.ok, JSON.stringify(pdu));
  return eventIdOf(parsed.pdu, version, { sha256 });
}

export type Handshake = 'join' | 'knock' | 'leave';

/** A user of a server that the test plays. */
export class PlayedUser {
  readonly peer: TestPeer;
  readonly userId: string;

  constructor(peer: TestPeer, localpart: string) {
    this.peer = peer;
    this.userId = `@${localpart}:${peer.serverName}`;
  }

  make(
    server: FederatedServer,
    membership: Handshake,
    roomId: string,
    versions: readonly string[] = supportedRoomVersions(),
  ): Promise<Response> {
    const query = versions.map((version) => `ver=${encodeURIComponent(version)}`).join('&');
    const path = v1 + pathOf`/make_${membership}/${roomId}/${this.userId}`;
    return this.peer.request(server.serverName, 'GET', query === '' ? path : `${path}?${query}`);
  }

  /** The event that a template asks for. */
  async signed(
    server: FederatedServer,
    membership: Handshake,
    roomId: string,
    changes: JsonObject = {},
  ): Promise<SignedEvent> {
    const { status, body } = await this.make(server, membership, roomId);
    assert.equal(status, 200, JSON.stringify(body));
    const template = valueAt(body, 'event');
    const version = roomVersion(textAt(body, 'room_version'));
    assert.ok(isJsonObject(template) && version !== undefined);
    return signEvent(this.peer, version, { ...template, ...changes });
  }

  send(
    server: FederatedServer,
    membership: Handshake,
    roomId: string,
    { eventId, pdu }: SignedEvent,
    query = '',
  ): Promise<Response> {
    const base = membership === 'knock' ? v1 : v2;
    const path = base + pathOf`/send_${membership}/${roomId}/${eventId}` + query;
    return this.peer.request(server.serverName, 'PUT', path, { body: pdu });
  }

  /** The whole handshake; gives the event's ID and the answer. */
  async become(
    server: FederatedServer,
    membership: Handshake,
    roomId: string,
    query = '',
  ): Promise<{ eventId: string; body: unknown }> {
    const event = await this.signed(server, membership, roomId);
    const { status, body } = await this.send(server, membership, roomId, event, query);
    assert.equal(status, 200, JSON.stringify(body));
    return { eventId: event.eventId, body };
  }
}
