import { ChangeKind } from '../../storage/change.ts';
import { write } from '../../storage/database.ts';
import { POSITION, positionAt } from '../../storage/sql.ts';
import type { Statement } from '../../storage/sql.ts';
import { readEvents } from '../event-store.ts';
import { becomeCurrentStatements } from '../import-store.ts';
import type { ProjectImport } from '../imported-state.ts';
import type { StateReference } from '../inbound/state-references.ts';
import { differencesOf, eventAt } from '../inbound/states.ts';
import { storeWholeState } from '../inbound/store-whole-state.ts';
import {
  endPartialRoomStatement,
  putWholeRoomStatement,
  readPartialRoom,
  sameJoinGuard,
} from '../partial-room-store.ts';
import { emptyRoomChange } from '../persist-event.ts';
import type { RoomHead } from '../room-head.ts';
import type { Rooms } from '../rooms.ts';
import { putHeadStatement, readCurrentStateKey, stateChangeStatements } from '../state-store.ts';
import type { Snapshot } from '../state-store.ts';
import type { FillingContext, RoomToFill } from './filling-context.ts';
import { entriesApartMax, finishTriesMax, rowsAtOnce } from './limits.ts';
import { Rechecking } from './recheck-events.ts';
import type { KnownStates } from './recheck-events.ts';
import {
  stageRecheckedStatements,
  takeOverRecheckedStatements,
  unstageRecheckedStatement,
  withdrawRedactionStatements,
} from './recheck-store.ts';
import { wholeStateOf } from './whole-members.ts';

/** Why a room was not brought to its end: it was left, or joined anew, meanwhile. */
const OTHER_JOIN = 'the room is known in part after this join';

/**
 * Makes a room whole whose state before the join is known: checks again what has come since, and makes the state that
 * follows the current one, in one change. Resolves to its position; undefined where the room is no longer in part.
 */
export async function completeRoom(
  context: FillingContext,
  room: RoomToFill,
  states: KnownStates,
): Promise<number | undefined> {
  const { rooms } = context;
  const { partial, createEventNid } = room;
  const { beforeJoin } = states;
  const rechecking = new Rechecking(rooms, room, states);
  await write(rooms.database, {
    statements: [unstageRecheckedStatement(partial.roomNid)],
    positions: 0,
  });
  for (let tries = 1; ; tries += 1) {
    await rechecking.run(createEventNid);
    const finish = await prepare(context, room, beforeJoin, rechecking);
    const done = await rooms.heads.run(partial.roomNid, async (head) => {
      await head?.lastChange?.done.catch(() => undefined);
      await rechecking.run(createEventNid);
      const current = await rechecking.current();
      const isSame = current.snapshot.nid === finish.current.snapshot.nid;
      if (!isSame && tries < finishTriesMax) return undefined;
      const last = isSame ? finish : await prepare(context, room, beforeJoin, rechecking);
      return { position: await commit(context, room, rechecking, last, head) };
    });
    if (done !== undefined) return done.position;
  }
}

/** What stands ready for the last change. */
interface Finish {
  readonly current: StateReference;
  /** The whole state that becomes current, but for what differs from it. */
  readonly base: Snapshot;
  readonly differences: ReturnType<typeof differencesOf>;
  readonly project: ProjectImport;
}

async function prepare(
  { rooms }: FillingContext,
  { partial: { roomNid } }: RoomToFill,
  beforeJoin: Snapshot,
  rechecking: Rechecking,
): Promise<Finish> {
  const current = await rechecking.current();
  const state = await current.state();
  const imported = await wholeStateOf(rooms, roomNid, current.snapshot.nid, state);
  const project = await rooms.heads.import(imported);
  const differences = differencesOf(await rooms.states.read(beforeJoin.nid), state);
  if (differences.length <= entriesApartMax) {
    return { current, base: beforeJoin, differences, project };
  }
  const entries = [...state.keyNids].map((stateKeyNid) => ({
    stateKeyNid,
    eventNid: eventAt(state, stateKeyNid) ?? 0,
  }));
  const base = await storeWholeState(rooms, roomNid, entries);
  return { current, base, differences: [], project };
}

async function commit(
  { rooms }: FillingContext,
  { partial }: RoomToFill,
  rechecking: Rechecking,
  { current, base, differences, project }: Finish,
  head: RoomHead | undefined,
): Promise<number | undefined> {
  const { roomNid, joinEventNid } = partial;
  const { database } = rooms;
  const now = await readPartialRoom(database.reader, roomNid);
  if (now?.joinEventNid !== joinEventNid) return undefined;
  const staged = stageRecheckedStatements(roomNid, rechecking.events.values());
  for (let start = 0; start < staged.length; start += rowsAtOnce) {
    const statements = staged.slice(start, start + rowsAtOnce);
    await write(database, { statements, positions: 0 });
  }
  const apart = differences.map(({ stateKeyNid }) => stateKeyNid);
  const change = emptyRoomChange();
  // The members whom nobody had heard of stand at the first position, and everything else that changes at the second.
  change.positions = 2;
  change.touches.push({ kind: ChangeKind.room, subject: roomNid });
  change.guards.push(sameJoinGuard(OTHER_JOIN, roomNid, joinEventNid));
  change.statements.push(
    ...takeOverRecheckedStatements(roomNid, rechecking.extremities()),
    ...becomeCurrentStatements(roomNid, base.nid, apart, POSITION),
    ...(await statementsOf(rooms, roomNid, differences)),
    putHeadStatement(roomNid, current.snapshot.nid),
    endPartialRoomStatement(roomNid),
    putWholeRoomStatement(roomNid, POSITION),
  );
  await project(POSITION, change, database.reader);
  const withdrawn = rechecking.withdrawn();
  change.statements.push(...withdrawRedactionStatements(withdrawn));
  for (const row of await readEvents(database.reader, withdrawn)) rooms.heads.withdraw(row, change);
  const { position } = await write(database, change);
  rooms.places.forgetMembers();
  if (head !== undefined) rooms.heads.drop(head);
  rooms.whole.completed(roomNid);
  return position;
}

/** The entries that differ from the whole state that becomes current. */
async function statementsOf(
  { names, database }: Rooms,
  roomNid: number,
  differences: Finish['differences'],
): Promise<Statement[]> {
  const statements: Statement[] = [];
  for (const { stateKeyNid, after } of differences) {
    const { type } = await names.stateKeys.pair(stateKeyNid);
    const typeNid = await names.eventTypes.intern(type);
    const now = await readCurrentStateKey(database.reader, roomNid, typeNid, stateKeyNid);
    if (now === after) continue;
    const [before, next] = [now ?? null, after ?? null];
    statements.push(
      ...stateChangeStatements(roomNid, positionAt(1), typeNid, stateKeyNid, before, next),
    );
  }
  return statements;
}
