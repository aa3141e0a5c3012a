import { boundedCache } from '../storage/bounded-cache.ts';
import type { Reader } from '../storage/sql.ts';
import { readSnapshotPlaces } from './state-store.ts';
import type { SnapshotPlace } from './state-store.ts';

/** Snapshots and member events whose place is remembered, about 200 bytes each. */
const ENTRIES_MAX = 50_000;

/** A member event: what it makes of its user, and the first place in its lineage of states that holds it. */
export interface MemberPlace {
  readonly membership: string | undefined;
  readonly place: SnapshotPlace | undefined;
}

/**
 * What visibility asks again and again, and what never changes once it is committed, unless the state of a room was
 * known in part.
 */
export class KnownPlaces {
  readonly #snapshots = boundedCache<number, SnapshotPlace>(ENTRIES_MAX);
  readonly #members = boundedCache<number, MemberPlace>(ENTRIES_MAX);

  async ofSnapshots(
    reader: Reader,
    snapshotNids: Iterable<number>,
  ): Promise<ReadonlyMap<number, SnapshotPlace>> {
    const places = new Map<number, SnapshotPlace>();
    const unknown: number[] = [];
    for (const nid of snapshotNids) {
      const place = this.#snapshots.get(nid);
      if (place === undefined) unknown.push(nid);
      else places.set(nid, place);
    }
    for (const [nid, place] of await readSnapshotPlaces(reader, unknown)) {
      this.#snapshots.set(nid, place);
      places.set(nid, place);
    }
    return places;
  }

  /** @param read finds out, where it is not known yet */
  async ofMember(eventNid: number, read: () => Promise<MemberPlace>): Promise<MemberPlace> {
    const known = this.#members.get(eventNid);
    if (known !== undefined) return known;
    const place = await read();
    this.#members.set(eventNid, place);
    return place;
  }

  /** The states after events are others now than they were in a room that was known in part. */
  forgetMembers(): void {
    this.#members.clear();
  }
}
