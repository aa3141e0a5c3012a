import { parseEventId } from '@soma/protocol';

import { forbidden, invalidParam } from '../errors/matrix-error.ts';
import { readEventNid } from '../rooms/event-store.ts';
import { ChangeKind } from '../storage/change.ts';
import { write } from '../storage/database.ts';
import type { Statement } from '../storage/sql.ts';
import type { Ephemeral } from './ephemeral.ts';
import { moveReadPositionStatements } from './read-position-store.ts';
import {
  deleteWaitingStatement,
  putReceiptStatement,
  putWaitingStatement,
  readReceiptOrder,
} from './receipt-store.ts';
import type { ReceiptType, WaitingReceipt } from './receipt-store.ts';
import { isInThread } from './room-reading.ts';
import { findEventPlace } from './thread-store.ts';
import { MAIN_TIMELINE, UNTHREADED } from './thread.ts';

/** A local user's acknowledgement of everything up to an event. */
export interface ReceiptRequest {
  readonly roomId: string;
  readonly userNid: number;
  readonly type: ReceiptType;
  readonly eventId: string;
  /** `main` or the ID of a thread's root event; absent for a receipt that holds regardless of threads. */
  readonly threadId?: string | undefined;
}

/**
 * Sets a receipt (CS API, "Receipts"). One that is behind the receipt in its place changes nothing; one for an
 * event that this server does not have waits for it. Throws `403 M_FORBIDDEN`, `400 M_INVALID_PARAM`.
 */
export async function sendReceipt(ephemeral: Ephemeral, request: ReceiptRequest): Promise<void> {
  const { eventId, userNid, type, threadId } = request;
  const roomNid = await joinedRoom(ephemeral, userNid, request.roomId);
  if (parseEventId(eventId) === undefined) throw invalidParam('That is not an event ID');
  const threadNid = await findThread(ephemeral, threadId);
  if (threadNid === undefined) throw invalidParam('thread_id is not an event that is known');
  const ts = ephemeral.rooms.now();
  const receipt: WaitingReceipt = { roomNid, userNid, type, threadNid, eventId, ts };
  const applied = await applyReceipt(ephemeral, receipt, []);
  if (applied === 'unrelated') throw invalidParam(`${eventId} is not in the thread ${threadId}`);
  if (applied === 'unknown') await keepWaiting(ephemeral, receipt);
}

/** What another server says of one of its users, who is in the room. */
export interface ReceivedReceipt {
  readonly roomNid: number;
  readonly userNid: number;
  readonly eventId: string;
  readonly threadId: string | undefined;
  readonly ts: number;
}

/** Sets a public receipt as {@link sendReceipt} does; one that cannot be is left out. */
export async function receiveReceipt(
  ephemeral: Ephemeral,
  { roomNid, userNid, eventId, threadId, ts }: ReceivedReceipt,
): Promise<void> {
  if (parseEventId(eventId) === undefined) return;
  const threadNid = await findThread(ephemeral, threadId);
  if (threadNid === undefined) return;
  const receipt = { roomNid, userNid, type: 'm.read', threadNid, eventId, ts } as const;
  const applied = await applyReceipt(ephemeral, receipt, [], { isRemote: true });
  if (applied === 'unknown') await keepWaiting(ephemeral, receipt);
}

/** The room, if the user is in it. Throws `403 M_FORBIDDEN`. */
export async function joinedRoom(
  { rooms, isJoined }: Ephemeral,
  userNid: number,
  roomId: string,
): Promise<number> {
  const roomNid = await rooms.names.rooms.find(roomId);
  if (roomNid === undefined || !(await isJoined(rooms.database.reader, userNid, roomNid))) {
    throw forbidden('You are not in this room');
  }
  return roomNid;
}

/** Undefined for what nothing refers to; the root of a thread may be still to come. */
async function findThread(
  { rooms }: Ephemeral,
  threadId: string | undefined,
): Promise<number | undefined> {
  if (threadId === undefined) return UNTHREADED;
  if (threadId === 'main') return MAIN_TIMELINE;
  return readEventNid(rooms.database.reader, threadId);
}

/** Writes the receipt where its event is known; `also` is written with it. */
async function applyReceipt(
  { rooms: { database } }: Ephemeral,
  receipt: WaitingReceipt,
  also: readonly Statement[],
  { isRemote = false } = {},
): Promise<'applied' | 'unknown' | 'unrelated'> {
  const { roomNid, userNid, threadNid, eventId, ts } = receipt;
  const place = await findEventPlace(database.reader, eventId);
  if (place === undefined || (place.roomNid === roomNid && place.order === null)) return 'unknown';
  // An event of another room is acknowledged in vain, so that nobody learns whether it exists.
  if (place.roomNid !== roomNid || place.order === null) return 'applied';
  if (!isInThread(place, threadNid)) return 'unrelated';
  const before = await readReceiptOrder(database.reader, receipt);
  if (before !== undefined && before >= place.order && also.length === 0) return 'applied';
  await write(database, {
    statements: [
      putReceiptStatement(receipt, place.eventNid, place.order, ts),
      // Nobody counts what users of other servers have not read.
      ...(isRemote ? [] : moveReadPositionStatements(userNid, roomNid, threadNid, place.order)),
      ...also,
    ],
    positions: 1,
    touches: [{ kind: ChangeKind.receipt, subject: roomNid }],
  });
  return 'applied';
}

/** Stores the receipt for when the event comes, which may be at this very moment. */
async function keepWaiting(ephemeral: Ephemeral, receipt: WaitingReceipt): Promise<void> {
  const { rooms, reading } = ephemeral;
  const { heads, database } = rooms;
  const stored = await heads.run(receipt.roomNid, async (head) => {
    if (head === undefined || !reading.of(head).addWaiting(receipt)) return undefined;
    const written = database.submit({ statements: [putWaitingStatement(receipt)], positions: 0 });
    return { head, written, before: head.lastChange };
  });
  if (stored === undefined) return;
  await stored.written.done;
  await stored.before?.done.catch(() => undefined);
  const remove = deleteWaitingStatement(receipt);
  const applied = await applyReceipt(ephemeral, receipt, [remove]);
  if (applied === 'unknown') return;
  reading.of(stored.head).removeWaiting(receipt);
  if (applied === 'unrelated') await write(database, { statements: [remove], positions: 0 });
}
