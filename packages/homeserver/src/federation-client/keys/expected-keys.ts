import { isJsonObject } from '@soma/protocol';
import type { RoomVersion } from '@soma/protocol';

import type { ExpectedSignatures } from './key-ring.ts';

/** Beyond so many servers the keys of the others are looked for one by one, as their events are verified. */
const SERVERS_MAX = 20_000;
const KEYS_OF_SERVER_MAX = 20;

interface Expected {
  readonly keyIds: Set<string>;
  originServerTs: number;
}

/** The signatures of the events of a room, gathered so that the keys can be had together. */
export class ExpectedKeys {
  readonly #version: RoomVersion;
  readonly #servers = new Map<string, Expected>();

  constructor(version: RoomVersion) {
    this.#version = version;
  }

  /** @param event as it was received, unchecked */
  add(event: unknown): void {
    if (!isJsonObject(event) || !isJsonObject(event['signatures'])) return;
    const { origin_server_ts: ts } = event;
    for (const [server, byKey] of Object.entries(event['signatures'])) {
      if (!isJsonObject(byKey)) continue;
      let expected = this.#servers.get(server);
      if (expected === undefined) {
        if (this.#servers.size >= SERVERS_MAX) continue;
        expected = { keyIds: new Set(), originServerTs: 0 };
        this.#servers.set(server, expected);
      }
      for (const keyId of Object.keys(byKey)) {
        if (expected.keyIds.size < KEYS_OF_SERVER_MAX) expected.keyIds.add(keyId);
      }
      if (typeof ts === 'number') expected.originServerTs = Math.max(expected.originServerTs, ts);
    }
  }

  *all(): Generator<ExpectedSignatures, void, undefined> {
    for (const [serverName, { keyIds, originServerTs }] of this.#servers) {
      const use = { kind: 'event', originServerTs, version: this.#version } as const;
      yield { serverName, keyIds: [...keyIds], use };
    }
  }
}
