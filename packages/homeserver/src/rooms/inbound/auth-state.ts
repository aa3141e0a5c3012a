import { authEventKeys } from '@soma/protocol';
import type { AuthEvent, AuthState, RoomVersion, StateKey } from '@soma/protocol';

import type { Reader } from '../../storage/sql.ts';
import { EventFlag } from '../event-store.ts';
import { readEventsForAuth } from '../graph-store.ts';
import type { AuthEventRow } from '../graph-store.ts';
import type { RoomHead } from '../room-head.ts';
import type { Rooms } from '../rooms.ts';
import { readSnapshotKey } from '../state-store.ts';
import { storedPdu } from '../stored-event.ts';
import type { StateReference } from './state-references.ts';
import { eventAt } from './states.ts';

type Subject = Parameters<typeof authEventKeys>[0];

/** The state that authorises an event, wherever it is looked for. */
export function keysThatAuthorise(event: Subject, version: RoomVersion): StateKey[] {
  return [...authEventKeys(event, version), ['m.room.create', '']];
}

/** What of a state authorises the event. */
export async function authStateOf(
  { names, database: { reader } }: Rooms,
  reference: StateReference,
  event: Subject,
  version: RoomVersion,
): Promise<AuthState> {
  const isStored = reference.statements.length === 0;
  const eventNids: number[] = [];
  for (const [type, stateKey] of keysThatAuthorise(event, version)) {
    const keyNid = await names.stateKeys.find(type, stateKey);
    if (keyNid === undefined) continue;
    const eventNid = isStored
      ? await readSnapshotKey(reader, reference.snapshot.nid, keyNid)
      : eventAt(await reference.state(), keyNid);
    if (eventNid !== undefined) eventNids.push(eventNid);
  }
  return authState(await readAuthEvents(reader, eventNids, version));
}

/** The same of the room's current state. */
export async function authStateOfHead(head: RoomHead, event: Subject): Promise<AuthState> {
  await head.load(keysThatAuthorise(event, head.version));
  return { get: (type, stateKey) => head.get(type, stateKey)?.event };
}

export function authState(events: readonly AuthEvent[]): AuthState {
  const byKey = new Map(events.map((event) => [keyOf(event.type, event.state_key), event]));
  return { get: (type, stateKey) => byKey.get(keyOf(type, stateKey)) };
}

/**
 * Events that authorise others. What a redaction has taken from them counts no more: a server that comes to the room later
 * never has it.
 */
export async function readAuthEvents(
  reader: Reader,
  eventNids: readonly number[],
  version: RoomVersion,
): Promise<AuthEvent[]> {
  const rows = await readEventsForAuth(reader, eventNids);
  return rows.map((row) => toAuthEvent(row, version));
}

function toAuthEvent(row: AuthEventRow, version: RoomVersion): AuthEvent {
  const isRejected = (row.flags & EventFlag.rejected) !== 0;
  const rejected = isRejected ? { rejected: true } : {};
  return { ...storedPdu(row, version), eventId: row.event_id, ...rejected };
}

function keyOf(type: string, stateKey: string | undefined): string {
  return stateKey === undefined ? type : `${type}\n${stateKey}`;
}
