import { isJsonObject } from '@soma/protocol';
import type { JsonObject } from '@soma/protocol';

import type { Database } from '../../storage/database.ts';
import type { KeyRing } from './key-ring.ts';
import type { OwnKeys } from './own-keys.ts';
import { readKeyDocuments, readServerKeys } from './server-key-store.ts';
import type { StoredServerKey } from './server-key-store.ts';

/** What is asked about one server. */
export interface KeyCriteria {
  /** Until when which keys should be valid. All keys, where none is named. */
  readonly criteria: ReadonlyMap<string, number>;
  /** Until when a key should be valid where none is named. */
  readonly validUntilTs: number;
}

export interface NotaryOptions {
  readonly own: OwnKeys;
  readonly keyRing: Pick<KeyRing, 'refreshDirectly'>;
  readonly database: Database;
  readonly now: () => number;
}

/** Says what keys other servers have, as a witness (spec: "Querying Keys Through Another Server"). */
export class Notary {
  readonly #options: NotaryOptions;

  constructor(options: NotaryOptions) {
    this.#options = options;
  }

  /**
   * The server's published keys with this server's signature; the last ones that are known of a server that does not
   * answer, and none of one that never did.
   */
  async query(serverName: string, wanted: KeyCriteria): Promise<readonly JsonObject[]> {
    const { own, keyRing, database } = this.#options;
    if (serverName === own.serverName) return [own.notarise(own.publish())];
    if (!(await this.#isSatisfied(serverName, wanted))) {
      await keyRing.refreshDirectly(serverName);
    }
    const documents = await readKeyDocuments(database.reader, serverName);
    return documents.flatMap((text) => {
      const document: unknown = JSON.parse(text);
      return isJsonObject(document) ? [own.notarise(document)] : [];
    });
  }

  async #isSatisfied(
    serverName: string,
    { criteria, validUntilTs }: KeyCriteria,
  ): Promise<boolean> {
    const { database, now } = this.#options;
    const nowMs = now();
    const keys = await readServerKeys(database.reader, serverName);
    const holds = (key: StoredServerKey, untilTs: number): boolean =>
      key.validUntilTs >= untilTs && !isStale(key, nowMs);
    if (criteria.size === 0) return keys.some((key) => !key.isOld && holds(key, validUntilTs));
    return [...criteria].every(([keyId, minimumTs]) => {
      const key = keys.find((each) => each.keyId === keyId);
      // An old key does not become valid for longer by asking again.
      return key !== undefined && (key.isOld || holds(key, minimumTs));
    });
  }
}

/** Spec: notaries "should cache a response for half of its lifetime to avoid serving a stale response". */
function isStale({ fetchedTs, validUntilTs }: StoredServerKey, nowMs: number): boolean {
  return nowMs - fetchedTs >= (validUntilTs - fetchedTs) / 2;
}
