import { randomBytes } from 'node:crypto';

import { KEY_BYTES_MAX, authEventKeys, exceedsBytes, hashEvent } from '@soma/protocol';
import type { JsonObject } from '@soma/protocol';

import { MatrixError, tooLarge } from '../errors/matrix-error.ts';
import { SignedText } from '../storage/sql.ts';
import type { HeadEntry } from './head-entry.ts';
import type { EventOrigin, PreparedEvent } from './prepared-event.ts';
import { relationOf } from './relations/relation-of.ts';
import type { RoomHead } from './room-head.ts';
import type { Rooms } from './rooms.ts';

/** What a local user wants to say; the room's head gives the rest. */
export interface EventDraft {
  readonly type: string;
  readonly stateKey?: string | undefined;
  readonly sender: string;
  readonly content: JsonObject;
  /** The event that an `m.room.redaction` is about. */
  readonly redacts?: string | undefined;
  readonly originServerTs?: number | undefined;
  readonly origin?: EventOrigin | undefined;
}

/** Builds a signed event on the room's head (SS API, "Auth events selection"). Throws {@link MatrixError}. */
export async function buildEvent(
  rooms: Rooms,
  head: RoomHead,
  draft: EventDraft,
): Promise<PreparedEvent> {
  const { names } = rooms;
  checkKeyLengths(draft);
  const typeNid =
    names.eventTypes.cached(draft.type) ?? (await names.eventTypes.intern(draft.type));
  const senderNid = names.users.cached(draft.sender) ?? (await names.users.intern(draft.sender));
  const stateKeyNid =
    draft.stateKey === undefined
      ? null
      : (names.stateKeys.cached(draft.type, draft.stateKey) ??
        (await names.stateKeys.intern(draft.type, draft.stateKey)));
  const relating = relationOf(rooms, draft);
  const relation = relating === undefined ? undefined : await relating;
  for (let wait = rooms.eventNids.ready(1); wait !== undefined; wait = rooms.eventNids.ready(1)) {
    await wait;
  }
  const authEntries = head.authOfMessages(draft) ?? (await selectAuthEvents(head, draft));
  const { parents } = head;
  const built = hashEvent(
    {
      roomVersion: head.version,
      ...authSubject(draft),
      ...(draft.type === 'm.room.create' && head.version.roomId === 'create-event'
        ? {}
        : { room_id: head.roomId }),
      prev_events: parents.map((parent) => parent.reference),
      auth_events: authEntries.map((entry) => entry.reference),
      depth: head.nextDepth,
      origin_server_ts: draft.originServerTs ?? rooms.now(),
      ...(draft.redacts === undefined ? {} : { redacts: draft.redacts }),
      newOpaqueId,
    },
    rooms.signer,
  );
  if (!built.ok) {
    const { errcode, reason } = built.problem;
    throw new MatrixError(errcode === 'M_TOO_LARGE' ? 413 : 400, errcode, reason);
  }
  const [before, after] = built.jsonAround;
  return {
    built,
    json: new SignedText(rooms.signer.privateKey, before, built.signedText, after),
    eventNid: rooms.eventNids.take(),
    roomNid: head.roomNid,
    typeNid,
    stateKeyNid,
    senderNid,
    prevEventNids: parents.map((parent) => parent.eventNid),
    authEventNids: authEntries.map((entry) => entry.eventNid),
    origin: draft.origin,
    relation,
  };
}

function newOpaqueId(): string {
  return randomBytes(18).toString('base64url');
}

/** CS API, "Size limits"; before the texts are interned, since the database cannot index longer ones. */
function checkKeyLengths({ type, stateKey = '' }: EventDraft): void {
  const tooLong = exceedsBytes(type, KEY_BYTES_MAX)
    ? 'type'
    : exceedsBytes(stateKey, KEY_BYTES_MAX)
      ? 'state_key'
      : undefined;
  if (tooLong !== undefined) throw tooLarge(`${tooLong} is longer than ${KEY_BYTES_MAX} bytes`);
}

function authSubject(draft: EventDraft) {
  return {
    type: draft.type,
    ...(draft.stateKey === undefined ? {} : { state_key: draft.stateKey }),
    sender: draft.sender,
    content: draft.content,
  };
}

/** What authorising and persisting read beyond the event's auth events. */
function alwaysNeeded(draft: EventDraft): (readonly [string, string])[] {
  const create = ['m.room.create', ''] as const;
  return draft.stateKey === undefined ? [create] : [create, [draft.type, draft.stateKey]];
}

/** The current state events that authorise the event (SS API, "Auth events selection"). */
export async function selectAuthEvents(
  head: RoomHead,
  draft: EventDraft,
): Promise<readonly HeadEntry[]> {
  const keys = authEventKeys(authSubject(draft), head.version);
  await head.load([...keys, ...alwaysNeeded(draft)]);
  const entries = keys.flatMap(([type, stateKey]) => head.get(type, stateKey) ?? []);
  if (draft.stateKey === undefined) head.keepAuthOfMessages(draft.sender, entries);
  return entries;
}
