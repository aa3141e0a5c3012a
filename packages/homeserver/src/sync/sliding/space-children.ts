import { readEvents } from '../../rooms/event-store.ts';
import { readCurrentStateOfType } from '../../rooms/state-store.ts';
import { toStoredEvent } from '../../rooms/stored-event.ts';
import { boundedCache } from '../../storage/bounded-cache.ts';
import { ChangeKind } from '../../storage/change.ts';
import type { Reader } from '../../storage/sql.ts';
import type { SyncContext } from '../sync-context.ts';

interface Children {
  readonly roomIds: ReadonlySet<string>;
  readonly position: number;
}

const SPACES_MAX = 1_000;

/** The rooms of spaces that lists are filtered by, kept until something happens in the space. */
export class SpaceChildren {
  readonly #context: SyncContext;
  readonly #spaces = boundedCache<number, Children>(SPACES_MAX);

  constructor(context: SyncContext) {
    this.#context = context;
  }

  /** The IDs of the rooms that the space has as its own (CS API, "`m.space.child`"). */
  async of(reader: Reader, roomNid: number, position: number): Promise<ReadonlySet<string>> {
    const known = this.#spaces.get(roomNid);
    const isOfSpace = (kind: ChangeKind, subject: number): boolean =>
      kind === ChangeKind.room && subject === roomNid;
    const from = Math.min(known?.position ?? position, position);
    if (known !== undefined && this.#context.recent.some(from, isOfSpace) === false) {
      return known.roomIds;
    }
    const roomIds = await this.#read(reader, roomNid);
    this.#spaces.set(roomNid, { roomIds, position });
    return roomIds;
  }

  async #read(reader: Reader, roomNid: number): Promise<ReadonlySet<string>> {
    const { names, versions } = this.#context.rooms;
    const children = new Set<string>();
    const typeNid = await names.eventTypes.find('m.space.child');
    const version = await versions.of(reader, roomNid);
    if (typeNid === undefined || version === undefined) return children;
    const current = await readCurrentStateOfType(reader, roomNid, typeNid);
    for (const row of await readEvents(reader, [...current.values()])) {
      const { content, state_key: roomId } = toStoredEvent(row, version).pdu;
      // A child without servers to join by has been taken out.
      const via = content['via'];
      if (roomId !== undefined && Array.isArray(via) && via.length > 0) children.add(roomId);
    }
    return children;
  }
}
