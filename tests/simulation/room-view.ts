import { authEventIds, prevEventIds } from '@soma/protocol';
import type { Pdu } from '@soma/protocol';

import { readAllReceiptRows } from '../../packages/homeserver/src/ephemeral/receipt-store.ts';
import { readMembersOfRoom } from '../../packages/homeserver/src/membership/membership-store.ts';
import type { Membership } from '../../packages/homeserver/src/membership/membership-store.ts';
import {
  EventFlag,
  readEvents,
  timelineQueries,
} from '../../packages/homeserver/src/rooms/event-store.ts';
import { readCurrentState, readRoomHead } from '../../packages/homeserver/src/rooms/state-store.ts';
import type { SimulatedServer } from './simulated-server.ts';

export interface ViewedEvent {
  readonly eventId: string;
  readonly eventNid: number;
  readonly pdu: Pdu;
  readonly order: number;
  readonly stateBefore: number | null;
  readonly verdict: 'accepted' | 'soft-failed' | 'rejected';
}

/** What a server has of a room. */
export interface RoomView {
  readonly server: string;
  readonly roomNid: number;
  readonly version: string;
  /** Those with a place in the history. */
  readonly events: ReadonlyMap<string, ViewedEvent>;
  /** Event IDs by type and state key. */
  readonly state: Readonly<Record<string, string>>;
  /** Memberships by user, as lists of members have them. */
  readonly members: Readonly<Record<string, string>>;
  readonly extremities: readonly string[];
  /** What users have read last, outside of threads. */
  readonly receipts: Readonly<Record<string, string>>;
}

const ordersMax = Number.MAX_SAFE_INTEGER;
const eventsMax = 1_000_000;

/** Undefined where the server knows nothing of the room but its name. */
export async function viewRoom(
  server: SimulatedServer,
  roomId: string,
): Promise<RoomView | undefined> {
  const { name, database, services } = server;
  const { reader } = database;
  const { names } = services.rooms;
  const roomNid = await names.rooms.find(roomId);
  const head = roomNid === undefined ? undefined : await readRoomHead(reader, roomNid);
  if (roomNid === undefined || head === undefined) return undefined;
  const rows = await reader.all(timelineQueries.oldest, roomNid, -ordersMax, ordersMax, eventsMax);
  const events = rows.map((row): ViewedEvent => {
    const isRejected = (row.flags & EventFlag.rejected) !== 0;
    const isSoftFailed = (row.flags & EventFlag.softFailed) !== 0;
    return {
      eventId: row.event_id,
      eventNid: row.event_nid,
      pdu: JSON.parse(row.json),
      order: row.event_order ?? 0,
      stateBefore: row.state_before,
      verdict: isRejected ? 'rejected' : isSoftFailed ? 'soft-failed' : 'accepted',
    };
  });
  const current = await readCurrentState(reader, roomNid);
  const stateRows = await readEvents(reader, [...current.values()]);
  const state = stateRows.map((row): [string, string] => {
    const { type, state_key: stateKey }: Pdu = JSON.parse(row.json);
    return [`${type}|${stateKey ?? ''}`, row.event_id];
  });
  const members: [string, string][] = [];
  for (const membership of ['join', 'invite', 'knock', 'leave', 'ban'] satisfies Membership[]) {
    for (const userId of await readMembers(server, roomId, membership)) {
      members.push([userId, membership]);
    }
  }
  const receipts = await readAllReceiptRows(reader, roomNid, 0, ordersMax);
  const read = receipts.filter(({ type, threadId }) => type === 'm.read' && threadId === undefined);
  return {
    server: name,
    roomNid,
    version: head.version,
    events: new Map(events.map((event) => [event.eventId, event])),
    state: sorted(state),
    members: sorted(members),
    extremities: head.extremities.map((one) => one.event_id).toSorted(),
    receipts: sorted(read.map(({ userId, eventId }) => [userId, eventId])),
  };
}

/** What a server has of a room, a line for each event, for whoever looks for the reason of a disagreement. */
export function describeView({ server, events, state, extremities }: RoomView): string[] {
  const lines = [...events.values()].map(({ eventId, pdu, order, verdict }) => {
    const { type, state_key: stateKey, sender, content, depth } = pdu;
    const isCurrent = state[`${type}|${stateKey ?? ''}`] === eventId;
    const marks = [
      ...(verdict === 'accepted' ? [] : [verdict]),
      ...(isCurrent ? ['current'] : []),
      ...(extremities.includes(eventId) ? ['end'] : []),
    ];
    const of = `${type} ${stateKey ?? '-'} by ${sender} ${JSON.stringify(content).slice(0, 200)}`;
    const edges = `prev ${short(prevEventIds(pdu))} auth ${short(authEventIds(pdu))}`;
    return `${server} ${order} ${short([eventId])} depth ${depth} ${of} ${edges} ${marks.join(' ')}`;
  });
  return [...lines, `${server} has ${events.size} events`];
}

function short(eventIds: readonly string[]): string {
  return eventIds.map((id) => id.slice(0, 7)).join(',');
}

/** The users with this membership, as the server has it. */
export async function readMembers(
  { database, services }: SimulatedServer,
  roomId: string,
  membership: Membership,
): Promise<string[]> {
  const { names } = services.rooms;
  const roomNid = await names.rooms.find(roomId);
  if (roomNid === undefined) return [];
  const members = await readMembersOfRoom(database.reader, roomNid, membership);
  return Promise.all(members.map(({ userNid }) => names.users.text(userNid)));
}

function sorted(entries: readonly [string, string][]): Record<string, string> {
  return Object.fromEntries(entries.toSorted(([one], [other]) => (one < other ? -1 : 1)));
}
