import { canonicalJson, checkCanonicalJson } from '@soma/protocol';
import type { JsonObject } from '@soma/protocol';

import { forbidden, invalidParam } from '../errors/matrix-error.ts';
import type { RoomHead } from './room-head.ts';
import { writeToRoom } from './room-write.ts';
import type { RoomWrite } from './room-write.ts';
import type { Rooms } from './rooms.ts';
import { findAnswered } from './transaction-replay.ts';

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
  const roomNid = await rooms.names.rooms.find(request.roomId);
  if (roomNid === undefined) throw notInRoom();
  const append = async (): Promise<string> => {
    const written = await writeToRoom(
      rooms,
      roomNid,
      (write) => appendEvent(write, request),
      notInRoom,
    );
    return written.value;
  };
  const { transaction, type, redacts } = request;
  if (transaction === undefined) return append();
  if (transaction.transactionId.length > TRANSACTION_ID_LENGTH_MAX) {
    throw invalidParam(`A transaction ID has at most ${TRANSACTION_ID_LENGTH_MAX} characters`);
  }
  const repeatable = { ...transaction, roomNid, type, redacts };
  return rooms.transactions.run(repeatable, async () => {
    const answered = await findAnswered(rooms.database.reader, repeatable);
    return answered ?? append();
  });
}

function notInRoom(): Error {
  return forbidden('You are not in this room');
}

/** Appends the event, or answers with the state event that says the same already. */
async function appendEvent(write: RoomWrite, request: SendRequest): Promise<string> {
  const { stateKey, transaction } = request;
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
  return event.built.eventId;
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
