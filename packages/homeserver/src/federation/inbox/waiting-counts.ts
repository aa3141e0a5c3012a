/** How many events wait, by room and by the server that sent them. */
export class WaitingCounts {
  readonly #ofRooms = new Map<number, Map<string, number>>();
  readonly #ofOrigins = new Map<string, number>();
  #total = 0;

  get total(): number {
    return this.#total;
  }

  ofRoom(roomNid: number): number {
    return [...(this.#ofRooms.get(roomNid)?.values() ?? [])].reduce((sum, count) => sum + count, 0);
  }

  ofOrigin(origin: string): number {
    return this.#ofOrigins.get(origin) ?? 0;
  }

  /** @param added below 0 where they wait no longer */
  add(roomNid: number, origin: string, added: number): void {
    const ofRoom = this.#ofRooms.get(roomNid) ?? new Map<string, number>();
    const before = ofRoom.get(origin) ?? 0;
    const after = Math.max(0, before + added);
    put(ofRoom, origin, after);
    put(this.#ofOrigins, origin, this.ofOrigin(origin) + after - before);
    this.#total += after - before;
    if (ofRoom.size === 0) this.#ofRooms.delete(roomNid);
    else this.#ofRooms.set(roomNid, ofRoom);
  }

  /** Puts right what is counted of a server in a room. */
  set(roomNid: number, origin: string, count: number): void {
    this.add(roomNid, origin, count - (this.#ofRooms.get(roomNid)?.get(origin) ?? 0));
  }

  /** Puts right what is counted of a room. */
  setRoom(roomNid: number, counts: ReadonlyMap<string, number>): void {
    const known = this.#ofRooms.get(roomNid)?.keys() ?? [];
    for (const origin of new Set([...known, ...counts.keys()])) {
      this.set(roomNid, origin, counts.get(origin) ?? 0);
    }
  }
}

function put(counts: Map<string, number>, key: string, count: number): void {
  if (count === 0) counts.delete(key);
  else counts.set(key, count);
}
