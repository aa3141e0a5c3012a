import { authEventKeys } from '../../src/auth-rules/auth-event-keys.ts';
import { authorise } from '../../src/auth-rules/authorise.ts';
import type { AuthVerdict } from '../../src/auth-rules/types.ts';
import { roomIdOfCreate } from '../../src/events/event-id.ts';
import type { RoomVersion } from '../../src/room-versions/types.ts';
import { MemoryRoom } from './memory-room.ts';
import { firstActions, randomAction } from './random-actions.ts';
import type { Action } from './random-actions.ts';
import { Random } from './random.ts';
import { placeAt, placeOf } from './room-event.ts';
import type { RoomEvent, RoomState } from './room-event.ts';

/** An action with its place in a room: what an event is made from. */
export interface Draft extends Action {
  readonly room_id?: string;
  readonly prev_events: readonly string[];
  readonly auth_events: readonly string[];
  readonly depth: number;
  readonly origin_server_ts: number;
}

/** Makes an event of a draft and answers with its ID. */
export type Make = (draft: Draft) => string;

/** An event of a random room, with what became of it. */
export interface GrownEvent {
  readonly event: RoomEvent;
  readonly verdict: AuthVerdict;
  /** The states after its `prev_events`, in their order. */
  readonly statesBefore: readonly RoomState[];
  /** Their resolution. */
  readonly stateBefore: RoomState;
  readonly stateAfter: RoomState;
}

export interface RandomRoom {
  readonly version: RoomVersion;
  readonly events: readonly GrownEvent[];
  /** In memory: its state events that were accepted. */
  readonly room: MemoryRoom;
}

const EARLIEST_MS = 1_700_000_000_000;

/**
 * Grows a room: its users join, ban, promote and demote each other, change join rules and topics, on branches that part and
 * meet again, with clocks that disagree. What is not allowed stays a leaf that was rejected.
 */
export function randomRoom(
  seed: number,
  version: RoomVersion,
  eventCount: number,
  make: Make = inOrderOfSeed(seed),
): RandomRoom {
  const random = new Random(seed);
  const room = new MemoryRoom(version);
  const grown = new Map<string, GrownEvent>();
  const accepted: string[] = [];
  const beginning = firstActions(random, version);
  for (let index = 0; index < eventCount; index++) {
    const isBeginning = index < beginning.length;
    const parents = isBeginning ? accepted.slice(-1) : someParents(random, accepted);
    const statesBefore = parents.flatMap((id) => grown.get(id)?.stateAfter ?? []);
    const stateBefore = room.resolve(statesBefore);
    const eventAt = (type: string, stateKey = ''): RoomEvent | undefined =>
      grown.get(stateBefore.get(placeAt(type, stateKey)) ?? '')?.event;
    const action =
      beginning[index] ??
      randomAction(random, version, (type, stateKey) => eventAt(type, stateKey)?.content);
    const draft: Draft = {
      ...action,
      ...roomOf(action, accepted[0], seed, version),
      prev_events: parents,
      auth_events: authEventKeys(action, version).flatMap(
        ([type, stateKey]) => eventAt(type, stateKey)?.eventId ?? [],
      ),
      depth: Math.max(0, ...parents.map((id) => grown.get(id)?.event.depth ?? 0)) + 1,
      // Some share a millisecond and some go back in time.
      origin_server_ts: EARLIEST_MS + Math.floor(index / 2) * 1000 - random.below(3) * 4000,
    };
    const event = { ...draft, eventId: make(draft) };
    const verdict = authorise(event, { get: eventAt }, version);
    const isState = verdict.allowed && event.state_key !== undefined;
    const stateAfter = isState
      ? new Map([...stateBefore, [placeOf(event), event.eventId]])
      : stateBefore;
    grown.set(event.eventId, { event, verdict, statesBefore, stateBefore, stateAfter });
    if (verdict.allowed) accepted.push(event.eventId);
    if (isState) room.add(event);
  }
  return { version, events: [...grown.values()], room };
}

function roomOf(
  { type }: Action,
  createId: string | undefined,
  seed: number,
  version: RoomVersion,
): { room_id?: string } {
  if (version.roomId === 'domain') return { room_id: `!${seed}:a.example` };
  return type === 'm.room.create' ? {} : { room_id: roomIdOfCreate(createId ?? '') };
}

function someParents(random: Random, accepted: readonly string[]): string[] {
  const recent = accepted.slice(-6);
  const parents = random.some(recent, 1 + random.below(3));
  return random.chance(5) ? [...new Set([...parents, ...random.some(accepted, 1)])] : parents;
}

// Event IDs in another order than the events.
function inOrderOfSeed(seed: number): Make {
  const random = new Random(seed ^ 0x5eed);
  let count = 0;
  return () => {
    count += 1;
    const id = `${random.below(1_000_000).toString(36)}-${count}`;
    return `$${id}:a.example`;
  };
}
