import { isJsonObject } from '@soma/protocol';
import type { JsonObject } from '@soma/protocol';

import type { Database } from '../../storage/database.ts';
import type { KeyRing } from './key-ring.ts';
import type { OwnKeys } from './own-keys.ts';
import { readKeyDocuments, readServerKeys } from './server-key-store.ts';

/** What is asked about one server: until when which keys should be valid. All keys, where none is named. */
export type KeyCriteria = ReadonlyMap<string, number>;

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
  async query(serverName: string, criteria: KeyCriteria): Promise<readonly JsonObject[]> {
    const { own, keyRing, database } = this.#options;
    if (serverName === own.serverName) return [own.notarise(own.publish())];
    if (!(await this.#isSatisfied(serverName, criteria))) {
      await keyRing.refreshDirectly(serverName);
    }
    const documents = await readKeyDocuments(database.reader, serverName);
    return documents.flatMap((text) => {
      const document: unknown = JSON.parse(text);
      return isJsonObject(document) ? [own.notarise(document)] : [];
    });
  }

  async #isSatisfied(serverName: string, criteria: KeyCriteria): Promise<boolean> {
    const keys = await readServerKeys(this.#options.database.reader, serverName);
    if (criteria.size === 0) {
      const nowMs = this.#options.now();
      return keys.some(({ isOld, validUntilTs }) => !isOld && validUntilTs >= nowMs);
    }
    return [...criteria].every(([keyId, validUntilTs]) => {
      const key = keys.find((each) => each.keyId === keyId);
      // An old key does not become valid for longer by asking again.
      return key !== undefined && (key.isOld || key.validUntilTs >= validUntilTs);
    });
  }
}
