import type { ChangeKind } from '../storage/change.ts';
import type { Committed } from '../storage/database.ts';

/** Touches kept in memory, about 24 bytes each; who asks for older ones reads the database. */
const TOUCHES_MAX = 65_536;

/** The newest part of the `changes` log, as this process has committed or followed it. */
export class RecentChanges {
  #positions: number[] = [];
  #kinds: ChangeKind[] = [];
  #subjects: number[] = [];
  /** Everything above this position is here. */
  #floor: number;

  constructor(position: number) {
    this.#floor = position;
  }

  append(committed: readonly Committed[]): void {
    for (const { change, position } of committed) {
      for (const touch of change.touches ?? []) {
        this.#positions.push(position);
        this.#kinds.push(touch.kind);
        this.#subjects.push(touch.subject);
      }
    }
    if (this.#positions.length > TOUCHES_MAX) this.#forgetOlderHalf();
  }

  /**
   * Calls `visit` for each touch above `position`, newest first, until it returns true. Returns whether it did;
   * undefined when the touches above `position` are not all in memory.
   */
  some(
    position: number,
    visit: (kind: ChangeKind, subject: number) => boolean,
  ): boolean | undefined {
    if (position < this.#floor) return undefined;
    for (let index = this.#positions.length - 1; index >= 0; index -= 1) {
      if ((this.#positions[index] ?? 0) <= position) return false;
      const kind = this.#kinds[index];
      const subject = this.#subjects[index];
      if (kind !== undefined && subject !== undefined && visit(kind, subject)) return true;
    }
    return false;
  }

  #forgetOlderHalf(): void {
    const cut = Math.floor(this.#positions.length / 2);
    this.#floor = this.#positions[cut - 1] ?? this.#floor;
    this.#positions = this.#positions.slice(cut);
    this.#kinds = this.#kinds.slice(cut);
    this.#subjects = this.#subjects.slice(cut);
  }
}
