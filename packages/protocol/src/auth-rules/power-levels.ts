import { isJsonObject } from '../canonical-json.ts';
import type { JsonObject } from '../canonical-json.ts';
import type { RoomVersion } from '../room-versions/types.ts';
import { parseLevel } from './power-level-values.ts';

/** The parts of a create event that say who created the room. */
export interface CreateEvent {
  readonly sender: string;
  readonly content: JsonObject;
}

/** Who may do what in a room. Levels are integers; a creator with infinite power has `Infinity`. */
export interface PowerLevels {
  /** The level of a user, joined or not. */
  userLevel(userId: string): number;
  /** The level required to send an event of that type (spec: Server-Server API, "Required Power Level"). */
  eventLevel(type: string, isStateEvent: boolean): number;
  /** The level required of a sender to notify by that key of `notifications`, such as `room`. */
  notificationLevel(key: string): number;
  readonly ban: number;
  readonly kick: number;
  readonly redact: number;
  readonly invite: number;
  readonly usersDefault: number;
  readonly stateDefault: number;
  readonly eventsDefault: number;
}

/**
 * Reads the power levels of a room.
 *
 * @param content the content of the current `m.room.power_levels`, undefined when there is none: then creators
 *   have 100 (or infinite power, by room version) and everyone else 0
 *
 * @example
 * ```ts
 * import assert from 'node:assert/strict';
 * import { powerLevels, roomVersion } from '@soma/protocol';
 *
 * const version = roomVersion('12');
 * assert.ok(version);
 * const create = { sender: '@alice:example.org', content: {} };
 * const levels = powerLevels({ users: { '@bob:example.org': 50 } }, create, version);
 * assert.equal(levels.userLevel('@alice:example.org'), Infinity);
 * assert.equal(levels.userLevel('@bob:example.org'), 50);
 * assert.equal(levels.eventLevel('m.room.name', true), 50);
 * ```
 */
export function powerLevels(
  content: JsonObject | undefined,
  createEvent: CreateEvent | undefined,
  version: RoomVersion,
): PowerLevels {
  return new Levels(content, createEvent, version);
}

/**
 * The user IDs of a room's creators by the rules of its version: `content.creator` up to version 10, the sender
 * from 11 on, and `content.additional_creators` from 12 on.
 *
 * @example
 * ```ts
 * import assert from 'node:assert/strict';
 * import { creatorsOf, roomVersion } from '@soma/protocol';
 *
 * const [v10, v12] = [roomVersion('10'), roomVersion('12')];
 * assert.ok(v10 && v12);
 * const create = {
 *   sender: '@alice:example.org',
 *   content: { creator: '@old:example.org', additional_creators: ['@bob:example.org'] },
 * };
 * assert.deepEqual(creatorsOf(create, v10), ['@old:example.org']);
 * assert.deepEqual(creatorsOf(create, v12), ['@alice:example.org', '@bob:example.org']);
 * ```
 */
export function creatorsOf({ sender, content }: CreateEvent, version: RoomVersion): string[] {
  if (version.creators === 'sender') return [sender];
  if (version.creators === 'content-creator') {
    const { creator } = content;
    return typeof creator === 'string' ? [creator] : [];
  }
  const { additional_creators: additional } = content;
  const others = Array.isArray(additional) ? additional : [];
  return [sender, ...others.filter((userId) => typeof userId === 'string')];
}

class Levels implements PowerLevels {
  readonly #content: JsonObject;
  readonly #version: RoomVersion;
  readonly #creators: readonly string[];
  readonly #creatorLevel: number | undefined;

  constructor(
    content: JsonObject | undefined,
    createEvent: CreateEvent | undefined,
    version: RoomVersion,
  ) {
    this.#content = content ?? {};
    this.#version = version;
    this.#creators = createEvent === undefined ? [] : creatorsOf(createEvent, version);
    if (version.creatorsHaveInfinitePower) this.#creatorLevel = Infinity;
    else if (content === undefined) this.#creatorLevel = 100;
  }

  userLevel(userId: string): number {
    if (this.#creatorLevel !== undefined && this.#creators.includes(userId)) {
      return this.#creatorLevel;
    }
    return this.#entry('users', userId) ?? this.usersDefault;
  }

  eventLevel(type: string, isStateEvent: boolean): number {
    return this.#entry('events', type) ?? (isStateEvent ? this.stateDefault : this.eventsDefault);
  }

  notificationLevel(key: string): number {
    return this.#entry('notifications', key) ?? 50;
  }

  get ban(): number {
    return this.#level('ban', 50);
  }

  get kick(): number {
    return this.#level('kick', 50);
  }

  get redact(): number {
    return this.#level('redact', 50);
  }

  get invite(): number {
    return this.#level('invite', 0);
  }

  get usersDefault(): number {
    return this.#level('users_default', 0);
  }

  get stateDefault(): number {
    return this.#level('state_default', 50);
  }

  get eventsDefault(): number {
    return this.#level('events_default', 0);
  }

  #level(name: string, byDefault: number): number {
    return parseLevel(this.#content[name], this.#version) ?? byDefault;
  }

  #entry(map: string, key: string): number | undefined {
    const entries = this.#content[map];
    if (!isJsonObject(entries) || !Object.hasOwn(entries, key)) return undefined;
    return parseLevel(entries[key], this.#version);
  }
}
