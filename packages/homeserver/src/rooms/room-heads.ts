import { roomVersion } from '@soma/protocol';

import type { Submitted } from '../storage/change.ts';
import type { Database } from '../storage/database.ts';
import type { InternedNames } from '../storage/names-store.ts';
import { readReference } from './event-reference.ts';
import type { EventRow } from './event-store.ts';
import type { ImportedState, ProjectImport } from './imported-state.ts';
import { readPartialHead } from './partial-room-store.ts';
import type { Projection } from './projection.ts';
import { RoomHead } from './room-head.ts';
import type { Extremity } from './room-head.ts';
import type { ProjectionOutput } from './room-projection.ts';
import { readRoomHead } from './state-store.ts';

/** Heads kept in memory, about 3 KB each; a room that falls out is read again when it is written to. */
const HEADS_MAX = 20_000;

/** One room's queue: jobs run one at a time, in the order in which they came. */
class RoomQueue {
  head: RoomHead | undefined;
  /** Settles when the jobs that were queued so far are done. */
  tail: Promise<unknown> | undefined;
  waiting = 0;
  /** The last change of a head that was dropped: the database is read only when it has settled. */
  unsettled: Submitted | undefined;
}

/** All rooms' queues and heads. */
export class RoomHeads {
  readonly #database: Database;
  readonly #names: InternedNames;
  readonly #projections: readonly Projection[];
  readonly #queues = new Map<number, RoomQueue>();

  constructor(database: Database, names: InternedNames, projections: readonly Projection[]) {
    this.#database = database;
    this.#names = names;
    this.#projections = projections;
  }

  /** Runs `job` in the room's queue; it gets undefined for a room whose state this server does not hold. */
  run<T>(roomNid: number, job: (head: RoomHead | undefined) => Promise<T>): Promise<T> {
    const queue = this.#queue(roomNid);
    const result =
      queue.tail === undefined && queue.head !== undefined
        ? job(queue.head)
        : this.#runAfter(queue, roomNid, job);
    const finish = (): void => {
      queue.waiting -= 1;
      if (queue.tail === done) queue.tail = undefined;
    };
    const done = result.then(finish, finish);
    queue.tail = done;
    queue.waiting += 1;
    return result;
  }

  /** Gives a new room its head; nobody else can know the room yet. */
  async adopt(head: RoomHead): Promise<void> {
    head.projections = await this.#open(head);
    this.#queue(head.roomNid).head = head;
  }

  /** What all projections have to say of an imported room. */
  async import(imported: ImportedState): Promise<ProjectImport> {
    const all: ProjectImport[] = [];
    for (const projection of this.#projections) {
      const project = await projection.import?.(imported);
      if (project !== undefined) all.push(project);
    }
    return async (position, output, reader) => {
      for (const project of all) await project(position, output, reader);
    };
  }

  /** Has all projections undo what an event brought. */
  withdraw(event: EventRow, output: ProjectionOutput): void {
    for (const projection of this.#projections) projection.withdraw?.(event, output);
  }

  /** Whether this is still the head of its room. */
  isCurrent(head: RoomHead): boolean {
    return this.#queues.get(head.roomNid)?.head === head;
  }

  /** Forgets a head that took in what was not committed; the next job reads it again. */
  drop(head: RoomHead): void {
    const queue = this.#queues.get(head.roomNid);
    if (queue?.head !== head) return;
    queue.head = undefined;
    queue.unsettled = head.lastChange;
  }

  #queue(roomNid: number): RoomQueue {
    const found = this.#queues.get(roomNid);
    if (found !== undefined) {
      if (this.#queues.size > HEADS_MAX / 2) {
        this.#queues.delete(roomNid);
        this.#queues.set(roomNid, found);
      }
      return found;
    }
    const made = new RoomQueue();
    this.#queues.set(roomNid, made);
    if (this.#queues.size > HEADS_MAX) this.#evict();
    return made;
  }

  /** Drops the longest unused room that has nothing under way. */
  #evict(): void {
    for (const [roomNid, queue] of this.#queues) {
      if (queue.waiting > 0 || (queue.head?.changesInFlight ?? 0) > 0) continue;
      this.#queues.delete(roomNid);
      if (this.#queues.size <= HEADS_MAX) return;
    }
  }

  async #runAfter<T>(
    queue: RoomQueue,
    roomNid: number,
    job: (head: RoomHead | undefined) => Promise<T>,
  ): Promise<T> {
    await queue.tail;
    if (queue.head === undefined) {
      await queue.unsettled?.done.then(ignore, ignore);
      queue.unsettled = undefined;
      queue.head = await this.#load(roomNid);
    }
    return job(queue.head);
  }

  async #load(roomNid: number): Promise<RoomHead | undefined> {
    const loaded = await this.#database.read(async (reader) => {
      const found = await readRoomHead(reader, roomNid);
      const version = roomVersion(found?.version ?? '');
      if (found === undefined || version === undefined) return undefined;
      const extremities: Extremity[] = [];
      for (const row of found.extremities) {
        const { event_nid: eventNid, event_id: eventId, depth, state_after: stateAfter } = row;
        const reference = await readReference(reader, eventNid, eventId, version);
        extremities.push({ eventNid, eventId, depth, reference, stateAfter });
      }
      const partial = await readPartialHead(reader, roomNid);
      return { snapshot: found.snapshot, isLast: found.isLast, version, extremities, partial };
    });
    if (loaded === undefined) return undefined;
    const head = new RoomHead(
      { roomNid, roomId: await this.#names.rooms.text(roomNid), ...loaded },
      this.#database.reader,
      this.#names,
      false,
    );
    head.projections = await this.#open(head);
    return head;
  }

  #open(head: RoomHead): Promise<RoomHead['projections']> {
    return Promise.all(
      this.#projections.map((projection) => projection.open(this.#database.reader, head)),
    );
  }
}

function ignore(): void {}
