import type { JsonObject } from '@soma/protocol';

import { pathOf, type Response } from '../harness/api.ts';
import type { FederatedServer } from '../harness/federation.ts';
import type { TestPeer } from '../harness/peer.ts';

const v1 = '/_matrix/federation/v1';

/** What a peer asks of a room. */
export class Asker {
  readonly peer: TestPeer;
  readonly server: FederatedServer;

  constructor(peer: TestPeer, server: FederatedServer) {
    this.peer = peer;
    this.server = server;
  }

  get(path: string): Promise<Response> {
    return this.peer.request(this.server.serverName, 'GET', v1 + path);
  }

  backfill(roomId: string, eventIds: readonly string[], limit: number): Promise<Response> {
    const from = eventIds.map((eventId) => `&v=${encodeURIComponent(eventId)}`).join('');
    return this.get(`${pathOf`/backfill/${roomId}`}?limit=${limit}${from}`);
  }

  missing(roomId: string, body: JsonObject): Promise<Response> {
    const path = v1 + pathOf`/get_missing_events/${roomId}`;
    return this.peer.request(this.server.serverName, 'POST', path, { body });
  }

  at(kind: 'state' | 'state_ids', roomId: string, eventId: string): Promise<Response> {
    return this.get(`${pathOf`/${kind}/${roomId}`}?event_id=${encodeURIComponent(eventId)}`);
  }

  near(roomId: string, ts: number, dir: string): Promise<Response> {
    return this.get(`${pathOf`/timestamp_to_event/${roomId}`}?ts=${ts}&dir=${dir}`);
  }
}
