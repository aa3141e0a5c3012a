import { canonicalJson, checkCanonicalJson } from '@soma/protocol';
import type { JsonObject } from '@soma/protocol';

import { forbidden, invalidParam } from '../errors/matrix-error.ts';
import { ChangeRefused } from '../storage/database.ts';
import { newTransactionGuard } from './event-store.ts';
import { DUPLICATE_ANNOTATION, duplicateAnnotation } from './relations/check-relation.ts';
import type { RoomHead } from './room-head.ts';
import { writeToRoom } from './room-write.ts';
import type { RoomWrite } from './room-write.ts';
import type { Rooms } from './rooms.ts';
import { findAnswered } from './transaction-replay.ts';
import type { RepeatableRequest } from './transaction-replay.ts';

/** An event that a local user sends, memberships apart. */
export interface SendRequest {
  readonly roomId: string;
  readonly sender: string;
  readonly type: string;
  readonly stateKey?: string | undefined;
  readonly content: JsonObject;
  /** The event to redact, for `m.room.redaction`. */
  readonly redacts?: string | undefined;
  /** From an application service's `ts`. */
  readonly originServerTs?: number | undefined;
  readonly transaction?: SendTransaction | undefined;
}

export interface SendTransaction {
  readonly deviceNid: number;
  readonly transactionId: string;
}

/** No client makes longer ones, and the database keeps them in an index. */
const TRANSACTION_ID_LENGTH_MAX = 255;

/** Sends an event. Resolves to its ID once it is durable; throws `MatrixError`. */
export async function sendEvent(rooms: Rooms, request: SendRequest): Promise<string> {
  const { names, transactions } = rooms;
  const roomNid = names.rooms.cached(request.roomId) ?? (await names.rooms.find(request.roomId));
  if (roomNid === undefined) throw notInRoom();
  const { transaction, type, redacts } = request;
  if (transaction === undefined) return append(rooms, roomNid, request);
  if (transaction.transactionId.length > TRANSACTION_ID_LENGTH_MAX) {
    throw invalidParam(`A transaction ID has at most ${TRANSACTION_ID_LENGTH_MAX} characters`);
  }
  const repeatable = { ...transaction, roomNid, type, redacts };
  return transactions.run(repeatable, () => sendOnce(rooms, repeatable, request));
}

/**
 * Whether the request was answered before is asked by the writer, on its way to the commit: the usual first time
 * then costs no read of its own.
 */
async function sendOnce(
  rooms: Rooms,
  repeatable: RepeatableRequest,
  request: SendRequest,
): Promise<string> {
  const { roomNid } = repeatable;
  try {
    return await append(rooms, roomNid, request, REPEATED);
  } catch (error) {
    // Also what would be refused today was answered, if it was, when it was allowed.
    const answered = await findAnswered(rooms.database.reader, repeatable);
    if (answered !== undefined) return answered;
    const isOther = error instanceof ChangeRefused && error.guard === REPEATED;
    if (!isOther) throw error;
    return append(rooms, roomNid, request);
  }
}

const REPEATED = 'repeated-transaction';

/** With `guardName` only if the device has not sent the event before. */
async function append(
  rooms: Rooms,
  roomNid: number,
  request: SendRequest,
  guardName?: string,
): Promise<string> {
  try {
    const written = await writeToRoom(
      rooms,
      roomNid,
      (write) => appendEvent(write, request, guardName),
      notInRoom,
    );
    return written.value;
  } catch (error) {
    const isDuplicate = error instanceof ChangeRefused && error.guard === DUPLICATE_ANNOTATION;
    throw isDuplicate ? duplicateAnnotation() : error;
  }
}

function notInRoom(): Error {
  return forbidden('You are not in this room');
}

/** Appends the event, or answers with the state event that says the same already. */
export async function appendEvent(
  write: RoomWrite,
  request: SendRequest,
  guardName: string | undefined,
): Promise<string> {
  const { stateKey, transaction } = request;
  if (request.type === 'm.room.aliases') await requireMembership(write.head, request.sender);
  if (stateKey !== undefined) {
    const same = await sameStateEvent(write.head, request, stateKey);
    if (same !== undefined) return same;
  }
  const event = await write.append({
    type: request.type,
    stateKey,
    sender: request.sender,
    content: request.content,
    redacts: request.redacts,
    originServerTs: request.originServerTs,
    origin: transaction,
  });
  if (guardName !== undefined && transaction !== undefined) {
    const { deviceNid, transactionId } = transaction;
    const { roomNid, typeNid } = event;
    write.guard(newTransactionGuard(guardName, deviceNid, transactionId, roomNid, typeNid));
  }
  return event.built.eventId;
}

/**
 * Up to room version 5 the auth rules let a server's users write its aliases into any room; other servers must take
 * them, but nobody needs to send them from outside. Throws `403 M_FORBIDDEN`.
 */
async function requireMembership(head: RoomHead, sender: string): Promise<void> {
  await head.load([['m.room.member', sender]]);
  if (head.get('m.room.member', sender)?.event.content['membership'] !== 'join') throw notInRoom();
}

/** The state event of the same sender and content that is current, so that repeating it changes nothing. */
async function sameStateEvent(
  head: RoomHead,
  request: SendRequest,
  stateKey: string,
): Promise<string | undefined> {
  await head.load([[request.type, stateKey]]);
  const current = head.get(request.type, stateKey)?.event;
  if (current === undefined || current.sender !== request.sender) return undefined;
  // What is not canonical JSON is refused when the event is built.
  if (checkCanonicalJson(request.content) !== undefined) return undefined;
  return canonicalJson(current.content) === canonicalJson(request.content)
    ? current.eventId
    : undefined;
}
