import { prevEventIds } from '@soma/protocol';
import type { RoomVersion } from '@soma/protocol';

import { ChangeKind } from '../../storage/change.ts';
import { write } from '../../storage/database.ts';
import { POSITION } from '../../storage/sql.ts';
import type { Statement } from '../../storage/sql.ts';
import { Turns } from '../../streams/turns.ts';
import { moveExtremities } from '../event-store.ts';
import {
  backwardExtremityStatement,
  endBackwardExtremityStatement,
  isServerInRoom,
  readGraphRow,
  readGraphRows,
} from '../graph-store.ts';
import { becomeCurrentStatements, importedRoomStatements } from '../import-store.ts';
import type { ImportedMember, ImportedState, ProjectImport } from '../imported-state.ts';
import { internEventIds } from '../intern-event-ids.ts';
import { endPartialRoomStatement, putPartialRoomStatements } from '../partial-room-store.ts';
import { emptyRoomChange, insertEvent } from '../persist-event.ts';
import type { PreparedEvent } from '../prepared-event.ts';
import { hashAfter } from '../state-hash.ts';
import {
  insertSnapshotStatements,
  nextSnapshot,
  putHeadStatement,
  readCurrentStateKey,
  stateChangeStatements,
} from '../state-store.ts';
import type { Snapshot } from '../state-store.ts';
import type { CheckedPdu } from './check-pdu.ts';
import type { InboundContext } from './inbound-context.ts';
import { internEvent } from './intern-event.ts';
import { receiveEvent } from './receive-event.ts';
import { ImportRefused } from './room-intake.ts';
import type { ImportedRoom, PartialImport } from './room-intake.ts';
import type { StoredOutlier } from './store-outliers.ts';
import { takeInEvent } from './take-in-event.ts';

/** A room whose events and state are stored, and which nobody knows yet. */
export interface CheckedImport {
  readonly roomNid: number;
  readonly roomId: string;
  readonly version: RoomVersion;
  readonly resident: string;
  readonly join: CheckedPdu;
  /** The state before the join. */
  readonly state: readonly StoredOutlier[];
  readonly snapshot: Snapshot;
  readonly authEventNids: readonly number[];
  /** Given when the state lacks members. */
  readonly partial: PartialImport | undefined;
}

/** The last step of an import: the join event takes its place, and its state becomes the current one. */
export async function finishImport(
  context: InboundContext,
  checked: CheckedImport,
): Promise<ImportedRoom> {
  const { rooms } = context;
  const { roomNid, join } = checked;
  const ids = [join.eventId, ...prevEventIds(join.pdu)];
  const nids = await internEventIds(rooms, ids);
  const prevEventNids = prevEventIds(join.pdu).flatMap((id) => nids.get(id) ?? []);
  const eventNid = nids.get(join.eventId) ?? 0;
  const parents = { prevEventNids, authEventNids: checked.authEventNids };
  const event = await internEvent(rooms, roomNid, join, eventNid, parents);
  const project = await rooms.heads.import(await importedState(context, checked, event));
  const position = await rooms.heads.run(roomNid, async (head) => {
    await head?.lastChange?.done.catch(() => undefined);
    if (await isServerInRoom(rooms.database.reader, roomNid)) return undefined;
    const committed = await commit(context, checked, event, project);
    if (head !== undefined) rooms.heads.drop(head);
    return committed;
  });
  if (position !== undefined) return { roomNid, joinEventNid: eventNid, position };
  return joinKnownRoom(context, checked, eventNid);
}

/** Another user of this server has joined meanwhile: the room goes on as it is, with one event more. */
async function joinKnownRoom(
  context: InboundContext,
  { roomNid, roomId, resident: origin, join: checked, snapshot, partial }: CheckedImport,
  joinEventNid: number,
): Promise<ImportedRoom> {
  const taken =
    partial === undefined
      ? await takeInEvent(context, {
          origin,
          roomNid,
          checked,
          refuse: true,
          stateBefore: snapshot.nid,
        })
      : await receiveEvent(context, { origin, roomId, pdu: checked.json });
  if (taken.kind !== 'accepted') {
    throw new ImportRefused('reason' in taken ? taken.reason : 'the join has no place in the room');
  }
  return { roomNid, joinEventNid, position: taken.event.position };
}

async function commit(
  context: InboundContext,
  checked: CheckedImport,
  event: PreparedEvent,
  project: ProjectImport,
): Promise<number> {
  const { database, snapshotNids } = context.rooms;
  const { roomNid, snapshot } = checked;
  const { eventNid, stateKeyNid, typeNid } = event;
  const { reader, snapshotKey } = database;
  if (stateKeyNid === null) throw new ImportRefused('the join is no state event');
  const row = await readGraphRow(reader, event.built.eventId);
  if (row !== undefined && row.state_before !== null) {
    throw new ImportRefused('the join is in the room already');
  }
  const prev = await readGraphRows(reader, prevEventIds(event.built.pdu));
  const placed = new Set(
    [...prev.values()].filter((one) => one.state_before !== null).map((one) => one.event_nid),
  );
  const replaced = checked.state.find(isUnder(event))?.eventNid;
  const hash = hashAfter(snapshotKey, snapshot.hash, [
    { stateKeyNid, before: replaced, after: eventNid },
  ]);
  const next = nextSnapshot(snapshot, await snapshotNids.next(), hash);
  const current = await readCurrentStateKey(reader, roomNid, typeNid, stateKeyNid);
  context.rooms.torn.add(roomNid);
  const change = emptyRoomChange();
  change.positions = 1;
  change.touches.push({ kind: ChangeKind.room, subject: roomNid });
  insertEvent(
    {
      event,
      verdict: { kind: 'accepted' },
      known: row === undefined ? 'id' : 'outlier',
      isPartial: checked.partial !== undefined,
      place: {
        stateBefore: snapshot.nid,
        stateAfter: next.snapshot.nid,
        statements: [],
        end: undefined,
      },
    },
    POSITION,
    change,
  );
  const createNid = checked.state.find((one) => one.checked.pdu.type === 'm.room.create');
  change.statements.push(
    ...importedRoomStatements(roomNid, checked.version.id, createNid?.eventNid ?? 0),
    ...moveExtremities(roomNid, eventNid, []),
    ...insertSnapshotStatements(roomNid, next, [[stateKeyNid, eventNid]]),
    ...becomeCurrentStatements(roomNid, snapshot.nid, [stateKeyNid], POSITION),
    ...stateChangeStatements(roomNid, POSITION, typeNid, stateKeyNid, current ?? null, eventNid),
    putHeadStatement(roomNid, next.snapshot.nid),
    ...partialStatements(checked, eventNid),
    endBackwardExtremityStatement(eventNid),
    ...event.prevEventNids
      .filter((nid) => !placed.has(nid))
      .map((nid) => backwardExtremityStatement(roomNid, nid, eventNid)),
  );
  await project(POSITION, change, reader);
  return (await write(database, change)).position;
}

function partialStatements(
  { roomNid, resident, partial }: CheckedImport,
  joinEventNid: number,
): Statement[] {
  if (partial === undefined) return [endPartialRoomStatement(roomNid)];
  const { serversInRoom } = partial;
  return putPartialRoomStatements({ roomNid, joinEventNid, resident, serversInRoom }, POSITION);
}

function isUnder(event: PreparedEvent): (one: StoredOutlier) => boolean {
  const { type, state_key: stateKey } = event.built.pdu;
  return ({ checked: { pdu } }) => pdu.type === type && pdu.state_key === stateKey;
}

async function importedState(
  { rooms }: InboundContext,
  { roomNid, snapshot, state }: CheckedImport,
  event: PreparedEvent,
): Promise<ImportedState> {
  const isReplaced = isUnder(event);
  const members: ImportedMember[] = [];
  const others = new Map<string, StoredOutlier>();
  const turns = new Turns();
  for (const one of state) {
    const { pdu } = one.checked;
    if (isReplaced(one)) continue;
    await turns.next();
    others.set(`${pdu.type}\n${pdu.state_key}`, one);
    if (pdu.type !== 'm.room.member' || pdu.state_key === undefined) continue;
    const userNid = await rooms.names.users.intern(pdu.state_key);
    const { sender, content } = pdu;
    members.push({ userId: pdu.state_key, userNid, eventNid: one.eventNid, sender, content });
  }
  const { pdu } = event.built;
  const { sender: userId, content } = pdu;
  const joined = {
    userId,
    userNid: event.senderNid,
    eventNid: event.eventNid,
    sender: userId,
    content,
  };
  return {
    roomNid,
    snapshotNid: snapshot.nid,
    joined,
    members: [...members, joined],
    get: (type, stateKey) => {
      const found = others.get(`${type}\n${stateKey}`);
      if (found === undefined) return undefined;
      const { pdu: of, eventId } = found.checked;
      const { sender, content: contentOf } = of;
      return { event: { eventId, type, state_key: stateKey, sender, content: contentOf } };
    },
    stage: async (statements) => {
      await write(rooms.database, { statements, positions: 0 });
    },
  };
}
