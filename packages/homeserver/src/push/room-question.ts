import { type PowerLevels, type PushRoom, powerLevels } from '@soma/protocol';

import type { HeadEntry } from '../rooms/head-entry.ts';
import type { RoomHead } from '../rooms/room-head.ts';

/** State that rules ask about; loaded when a room is opened. */
export const RULE_STATE_KEYS = [
  ['m.room.power_levels', ''],
  ['m.room.create', ''],
] as const;

/** What push rules ask about a room, answered from its head. One per room: `sender` is that of the event at hand. */
export class RoomQuestion implements PushRoom {
  readonly #head: RoomHead;
  memberCount: number;
  sender = '';
  /** Power levels are parsed once for each change of them. */
  #levels: PowerLevels | undefined;
  #levelsEntry: HeadEntry | undefined;

  constructor(head: RoomHead, memberCount: number) {
    this.#head = head;
    this.memberCount = memberCount;
  }

  senderPower(): number {
    return this.#powerLevels().userLevel(this.sender);
  }

  notificationLevel(key: string): number {
    return this.#powerLevels().notificationLevel(key);
  }

  #powerLevels(): PowerLevels {
    const entry = this.#head.get('m.room.power_levels', '');
    if (this.#levels === undefined || entry !== this.#levelsEntry) {
      const create = this.#head.get('m.room.create', '')?.event;
      this.#levels = powerLevels(entry?.event.content, create, this.#head.version);
      this.#levelsEntry = entry;
    }
    return this.#levels;
  }
}
