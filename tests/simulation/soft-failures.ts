import { authorise, prevEventIds, roomVersion } from '@soma/protocol';
import type { AuthEvent, AuthState, Pdu } from '@soma/protocol';

import { verifySignature } from '../../packages/homeserver/src/federation-client/keys/verify-signature.ts';
import { readEvents } from '../../packages/homeserver/src/rooms/event-store.ts';
import {
  readCurrentState,
  readSnapshot,
  readStateDifferences,
} from '../../packages/homeserver/src/rooms/state-store.ts';
import type { RoomView, ViewedEvent } from './room-view.ts';
import type { SimulatedServer } from './simulated-server.ts';

/** What auth rules read. */
const decisiveTypes: ReadonlySet<string> = new Set([
  'm.room.member',
  'm.room.power_levels',
  'm.room.join_rules',
  'm.room.third_party_invite',
]);

/**
 * A server may hide an event for one reason alone: the state that was current when the event came does not allow it, for
 * a change of state that neither stands on the event nor is stood on by it. The change itself need not have prevailed:
 * resolution also judges anew what the states of forks differ in. Says which were hidden for another reason.
 */
export async function softFailureProblems(
  server: SimulatedServer,
  roomId: string,
  view: RoomView,
): Promise<string[]> {
  const problems: string[] = [];
  for (const event of view.events.values()) {
    if (event.verdict !== 'soft-failed') continue;
    const reason = await whyUnjustified(server, view, event);
    if (reason === undefined) continue;
    problems.push(`${roomId}: ${server.name} soft-failed ${event.eventId} although ${reason}`);
  }
  return problems;
}

async function whyUnjustified(
  server: SimulatedServer,
  view: RoomView,
  event: ViewedEvent,
): Promise<string | undefined> {
  const version = roomVersion(view.version);
  if (version === undefined) return `the room has no known version`;
  const before = await readSnapshot(server.database.reader, event.stateBefore ?? 0);
  const then = await currentStateAt(server, view.roomNid, event.order);
  const [own, current] = [await authState(server, before), await authState(server, then)];
  const options = { verify: verifySignature };
  const subject = { ...event.pdu, eventId: event.eventId };
  if (!authorise(subject, own, version, options).allowed) return 'the state before it forbids it';
  if (authorise(subject, current, version, options).allowed) return 'the current state allowed it';
  const past = ancestorsOf(view, event.pdu);
  const isBeside = [...view.events.values()].some(
    ({ eventId, pdu, order, verdict }) =>
      verdict === 'accepted' &&
      order < event.order &&
      decisiveTypes.has(pdu.type) &&
      !past.has(eventId) &&
      !ancestorsOf(view, pdu).has(event.eventId),
  );
  return isBeside ? undefined : 'no change of state stands beside it';
}

/** The current state as it was before the event at this order took its place. */
async function currentStateAt(
  { database: { reader } }: SimulatedServer,
  roomNid: number,
  order: number,
): Promise<ReadonlyMap<number, number>> {
  const state = await readCurrentState(reader, roomNid);
  const since = await readStateDifferences(reader, roomNid, order - 1, Number.MAX_SAFE_INTEGER);
  for (const { stateKeyNid, oldEventNid } of since.toReversed()) {
    if (oldEventNid === null) state.delete(stateKeyNid);
    else state.set(stateKeyNid, oldEventNid);
  }
  return state;
}

async function authState(
  { database: { reader } }: SimulatedServer,
  state: ReadonlyMap<number, number>,
): Promise<AuthState> {
  const rows = await readEvents(reader, [...state.values()]);
  const byKey = new Map(
    rows.map((row): [string, AuthEvent] => {
      const pdu: Pdu = JSON.parse(row.json);
      return [`${pdu.type}|${pdu.state_key}`, { ...pdu, eventId: row.event_id }];
    }),
  );
  return { get: (type, stateKey) => byKey.get(`${type}|${stateKey}`) };
}

function ancestorsOf(view: RoomView, pdu: Pdu): ReadonlySet<string> {
  const found = new Set<string>();
  const waiting = [...prevEventIds(pdu)];
  for (let id = waiting.pop(); id !== undefined; id = waiting.pop()) {
    if (found.has(id)) continue;
    found.add(id);
    const event = view.events.get(id);
    if (event !== undefined) waiting.push(...prevEventIds(event.pdu));
  }
  return found;
}
