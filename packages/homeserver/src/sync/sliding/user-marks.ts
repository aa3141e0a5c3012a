import { isJsonObject } from '@soma/protocol';

import {
  GLOBAL,
  readAccountDataEntry,
  readAccountDataOfType,
} from '../../accounts/account-data-store.ts';
import { boundedCache } from '../../storage/bounded-cache.ts';
import { ChangeKind } from '../../storage/change.ts';
import type { Reader } from '../../storage/sql.ts';
import type { SyncContext } from '../sync-context.ts';

/** How a user has marked rooms in account data. */
interface Marks {
  readonly direct: Promise<ReadonlySet<number>>;
  /** Read only for those who filter by them. */
  tags: Promise<ReadonlyMap<number, ReadonlySet<string>>> | undefined;
  readonly position: number;
}

const USERS_MAX = 10_000;

/** The direct rooms and tags of the users that sync, kept until their account data change. */
export class UserMarks {
  readonly #context: SyncContext;
  readonly #users = boundedCache<number, Marks>(USERS_MAX);

  constructor(context: SyncContext) {
    this.#context = context;
  }

  /** The rooms that the user calls direct (CS API, "Direct Messaging"). */
  direct(reader: Reader, userNid: number, position: number): Promise<ReadonlySet<number>> {
    return this.#of(reader, userNid, position).direct;
  }

  /** The names of the tags of the user's rooms (CS API, "Room Tagging"). */
  tags(
    reader: Reader,
    userNid: number,
    position: number,
  ): Promise<ReadonlyMap<number, ReadonlySet<string>>> {
    const marks = this.#of(reader, userNid, position);
    marks.tags ??= readTags(reader, userNid);
    return marks.tags;
  }

  #of(reader: Reader, userNid: number, position: number): Marks {
    const known = this.#users.get(userNid);
    const isSame = (from: number): boolean =>
      this.#context.recent.some(
        from,
        (kind, subject) =>
          (kind === ChangeKind.userData || kind === ChangeKind.membership) && subject === userNid,
      ) === false;
    if (known !== undefined && isSame(Math.min(known.position, position))) return known;
    const marks: Marks = { direct: this.#readDirect(reader, userNid), tags: undefined, position };
    this.#users.set(userNid, marks);
    marks.direct.catch(() => this.#users.delete(userNid));
    return marks;
  }

  async #readDirect(reader: Reader, userNid: number): Promise<ReadonlySet<number>> {
    const text = await readAccountDataEntry(reader, userNid, GLOBAL, 'm.direct');
    const content: unknown = text === undefined ? {} : JSON.parse(text);
    const direct = new Set<number>();
    if (!isJsonObject(content)) return direct;
    for (const roomId of Object.values(content).flat()) {
      if (typeof roomId !== 'string') continue;
      const roomNid = await this.#context.rooms.names.rooms.find(roomId);
      if (roomNid !== undefined) direct.add(roomNid);
    }
    return direct;
  }
}

async function readTags(
  reader: Reader,
  userNid: number,
): Promise<ReadonlyMap<number, ReadonlySet<string>>> {
  const tags = new Map<number, ReadonlySet<string>>();
  for (const [roomNid, text] of await readAccountDataOfType(reader, userNid, 'm.tag')) {
    const content: unknown = JSON.parse(text);
    const named = isJsonObject(content) ? content['tags'] : undefined;
    if (isJsonObject(named)) tags.set(roomNid, new Set(Object.keys(named)));
  }
  return tags;
}
