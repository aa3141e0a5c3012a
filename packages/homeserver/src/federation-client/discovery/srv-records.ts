import { Resolver } from 'node:dns/promises';

import { boundedCache } from '../../storage/bounded-cache.ts';
import { serversRememberedMax } from '../limits.ts';

export interface SrvRecord {
  readonly name: string;
  readonly port: number;
  readonly priority: number;
  readonly weight: number;
}

/** The records of a name such as `_matrix-fed._tcp.example.org`; may reject where there are none. */
export type ResolveSrv = (name: string) => Promise<readonly SrvRecord[]>;

/** The system's resolver does not tell how long an answer holds. */
const periodMs = 5 * 60_000;
const systemResolver = new Resolver({ timeout: 3_000, tries: 2 });

export const systemSrvResolver: ResolveSrv = (name) => systemResolver.resolveSrv(name);

/** SRV records in the order in which their targets are to be tried (RFC 2782), remembered for a while. */
export class SrvRecords {
  readonly #resolve: ResolveSrv;
  readonly #now: () => number;
  readonly #random: () => number;
  readonly #entries = boundedCache<string, { records: readonly SrvRecord[]; expiresAtMs: number }>(
    serversRememberedMax,
  );

  constructor(resolve: ResolveSrv, now: () => number, random: () => number) {
    this.#resolve = resolve;
    this.#now = now;
    this.#random = random;
  }

  /** Empty where there are none. Never rejects. */
  async lookUp(name: string): Promise<readonly SrvRecord[]> {
    const known = this.#entries.get(name);
    if (known !== undefined && known.expiresAtMs > this.#now()) return this.#inOrder(known.records);
    // A resolver that fails is one without records: what follows proves itself by the same certificate.
    const records = await this.#resolve(name).catch(() => []);
    this.#entries.set(name, { records, expiresAtMs: this.#now() + periodMs });
    return this.#inOrder(records);
  }

  #inOrder(records: readonly SrvRecord[]): readonly SrvRecord[] {
    const drawn = records.map((record) => ({
      record,
      // The greatest of these is record i with a probability in proportion to its weight.
      draw: this.#random() ** (1 / Math.max(record.weight, 0.01)),
    }));
    return drawn
      .toSorted((a, b) => a.record.priority - b.record.priority || b.draw - a.draw)
      .map(({ record }) => record);
  }
}
