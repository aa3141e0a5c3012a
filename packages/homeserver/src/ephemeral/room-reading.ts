import { isDummyEvent } from '../rooms/dummy-event.ts';
import type { EventRelation, PreparedEvent } from '../rooms/prepared-event.ts';
import { relationIn } from '../rooms/relations/relation-of.ts';
import type {
  PastEvent,
  ProjectedEvent,
  ProjectionOutput,
  RoomProjection,
} from '../rooms/room-projection.ts';
import type { StateChange } from '../rooms/state-change.ts';
import { ChangeKind } from '../storage/change.ts';
import type { Reader } from '../storage/sql.ts';
import { isLocalUser } from './is-local-user.ts';
import { waitingReceiptsMax } from './limits.ts';
import { moveReadPositionStatements, readBySendingStatement } from './read-position-store.ts';
import { deleteWaitingStatement, putReceiptStatement } from './receipt-store.ts';
import type { WaitingReceipt } from './receipt-store.ts';
import {
  endLateRootStatement,
  putFollowersStatement,
  putLateRootStatement,
  putThreadStatement,
  readEventPlace,
} from './thread-store.ts';
import type { EventPlace } from './thread-store.ts';
import { HOPS_MAX, IN_MAIN_TIMELINE, MAIN_TIMELINE, UNTHREADED } from './thread.ts';
import type { ThreadPlace } from './thread.ts';

/** Told of a local user who is no longer in a room, before that is committed. */
export type LeaveListener = (roomNid: number, userId: string) => void;

/** What the reading projection keeps of one room. */
export class RoomReading implements RoomProjection {
  readonly #reader: Reader;
  readonly #roomNid: number;
  readonly #serverName: string;
  readonly #onLeave: LeaveListener;
  /** By the ID of the event that is waited for. */
  readonly #waiting = new Map<string, WaitingReceipt[]>();
  /** The event in preparation, and its thread. */
  #event: PreparedEvent | undefined;
  #thread = IN_MAIN_TIMELINE;
  /** The parent looked up last: answers in a thread mostly have the same one. */
  #parent: EventPlace | undefined;

  constructor(
    reader: Reader,
    roomNid: number,
    serverName: string,
    onLeave: LeaveListener,
    waiting: readonly WaitingReceipt[],
  ) {
    this.#reader = reader;
    this.#roomNid = roomNid;
    this.#serverName = serverName;
    this.#onLeave = onLeave;
    for (const receipt of waiting) this.addWaiting(receipt);
  }

  prepare(event: PreparedEvent): Promise<void> | undefined {
    this.#event = event;
    this.#thread = IN_MAIN_TIMELINE;
    return event.relation === undefined ? undefined : this.#findThread(event.relation);
  }

  project(projected: ProjectedEvent, output: ProjectionOutput): void {
    const { event, order } = projected;
    this.#putThread(event, output);
    const { threadNid } = this.#thread;
    if (projected.stateChanges.length > 0) this.#noticeLeaves(projected.stateChanges);
    const readThread = this.#readBySending(projected, threadNid);
    if (readThread !== undefined) {
      output.statements.push(
        ...moveReadPositionStatements(event.senderNid, this.#roomNid, readThread, order),
      );
    }
    if (this.#waiting.size > 0) this.#applyWaiting(projected, threadNid, output);
  }

  projectPast({ event }: PastEvent, output: ProjectionOutput): void {
    this.#putThread(event, output);
  }

  #putThread(event: PreparedEvent, { statements }: ProjectionOutput): void {
    const { eventNid, isAwaited = false } = event;
    const thread = this.threadOf(event);
    const isThreaded = thread.threadNid !== MAIN_TIMELINE;
    if (isThreaded) statements.push(putThreadStatement(eventNid, thread));
    const rootId = relationIn(event.built.pdu.content)?.parentId;
    if (isThreaded && this.#parent === undefined && rootId !== undefined) {
      statements.push(putLateRootStatement(thread.threadNid, rootId));
    }
    if (!isAwaited) return;
    statements.push(endLateRootStatement(eventNid));
    if (!mayBringOthers(event, thread)) return;
    statements.push(
      putFollowersStatement(eventNid, thread),
      readBySendingStatement(eventNid, thread),
    );
    // It may be one of those.
    this.#parent = undefined;
  }

  threadOf(event: PreparedEvent): ThreadPlace {
    if (this.#event !== event) throw new Error('an event was projected unprepared');
    return this.#thread;
  }

  /** Applies the receipt when its event arrives. Returns whether there is room for it. */
  addWaiting(receipt: WaitingReceipt): boolean {
    const others = this.#waiting.get(receipt.eventId) ?? [];
    if (others.length === 0 && this.#waiting.size >= waitingReceiptsMax) return false;
    this.#waiting.set(receipt.eventId, [...others.filter((one) => !isSame(one, receipt)), receipt]);
    return true;
  }

  removeWaiting(receipt: WaitingReceipt): void {
    const others = (this.#waiting.get(receipt.eventId) ?? []).filter(
      (one) => !isSame(one, receipt),
    );
    if (others.length === 0) this.#waiting.delete(receipt.eventId);
    else this.#waiting.set(receipt.eventId, others);
  }

  /** Indirect relations are found through the thread that was stored with the parent (CS API, "Threading"). */
  async #findThread({ parentNid, type }: EventRelation): Promise<void> {
    if (this.#parent?.eventNid !== parentNid) {
      this.#parent = await readEventPlace(this.#reader, parentNid);
    }
    // Whatever the root is, or whether it is there yet.
    if (type === 'm.thread') this.#thread = { threadNid: parentNid, hops: 0 };
    else if (this.#parent?.roomNid === this.#roomNid) this.#thread = followingThread(this.#parent);
  }

  /**
   * The thread that its sender has now read up to the event, if local; who joins has nothing to read from before.
   */
  #readBySending({ event, stateChanges }: ProjectedEvent, threadNid: number): number | undefined {
    const { type, sender, state_key: target, content } = event.built.pdu;
    // A dummy event is this server's doing, not the user's.
    if (!isLocalUser(sender, this.#serverName) || isDummyEvent(event.built.pdu)) return undefined;
    if (type !== 'm.room.member' || target !== sender) return threadNid;
    if (content['membership'] !== 'join') return undefined;
    const own = stateChanges.find(({ after }) => after?.eventNid === event.eventNid);
    return own?.before?.event.content['membership'] === 'join' ? threadNid : UNTHREADED;
  }

  #noticeLeaves(stateChanges: readonly StateChange[]): void {
    for (const { type, stateKey: userId, after } of stateChanges) {
      if (type !== 'm.room.member' || after?.event.content['membership'] === 'join') continue;
      if (isLocalUser(userId, this.#serverName)) this.#onLeave(this.#roomNid, userId);
    }
  }

  #applyWaiting(
    { event, order }: ProjectedEvent,
    threadNid: number,
    output: ProjectionOutput,
  ): void {
    const { eventId } = event.built;
    const receipts = this.#waiting.get(eventId);
    if (receipts === undefined) return;
    this.#waiting.delete(eventId);
    const place = { eventNid: event.eventNid, threadNid };
    for (const receipt of receipts) {
      output.statements.push(deleteWaitingStatement(receipt));
      if (!isInThread(place, receipt.threadNid)) continue;
      const { userNid, ts } = receipt;
      output.statements.push(
        putReceiptStatement(receipt, event.eventNid, order, ts, order),
        ...moveReadPositionStatements(userNid, this.#roomNid, receipt.threadNid, order),
      );
    }
    output.touches.push({ kind: ChangeKind.receipt, subject: this.#roomNid });
  }
}

/** Where an event is that relates to one there. */
function followingThread({ threadNid, hops }: ThreadPlace): ThreadPlace {
  if (threadNid === MAIN_TIMELINE || hops >= HOPS_MAX) return IN_MAIN_TIMELINE;
  return { threadNid, hops: hops + 1 };
}

/** Whether what relates to the event may have come before it, and belongs into its thread. */
export function mayBringOthers({ isAwaited = false }: PreparedEvent, place: ThreadPlace): boolean {
  return isAwaited && followingThread(place) !== IN_MAIN_TIMELINE;
}

/** Whether a receipt of that thread may be for the event: a root opens its thread as well. */
export function isInThread(
  { eventNid, threadNid }: Pick<EventPlace, 'eventNid' | 'threadNid'>,
  receiptThreadNid: number,
): boolean {
  if (receiptThreadNid === UNTHREADED || receiptThreadNid === threadNid) return true;
  return receiptThreadNid === eventNid;
}

function isSame(one: WaitingReceipt, other: WaitingReceipt): boolean {
  return (
    one.userNid === other.userNid && one.type === other.type && one.threadNid === other.threadNid
  );
}
