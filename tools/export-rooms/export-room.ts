import { hash } from 'node:crypto';

import { buildEvent } from '@soma/protocol';
import type { AuthVerdict, BuiltEvent, Pdu, RoomVersion } from '@soma/protocol';

import { nodeCrypto } from '../../packages/protocol/testing/node-crypto.ts';
import { randomRoom } from '../../packages/protocol/testing/state-resolution/random-room.ts';
import type {
  Draft,
  GrownEvent,
  RandomRoom,
} from '../../packages/protocol/testing/state-resolution/random-room.ts';
import type { RoomState } from '../../packages/protocol/testing/state-resolution/room-event.ts';

/** A line of the export; docs/develop/export-rooms.md says what is in it. */
export interface ExportedRoom {
  readonly room_version: string;
  readonly room_id: string;
  readonly seed: number;
  /** Public keys in unpadded base64, by server and key ID. */
  readonly keys: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly events: readonly ExportedEvent[];
  readonly resolutions: readonly ExportedResolution[];
}

export interface ExportedEvent {
  readonly event_id: string;
  readonly pdu: Pdu;
  readonly auth: AuthVerdict;
}

export interface ExportedResolution {
  /** The event whose `prev_events` meet here; null for the forward extremities at the end. */
  readonly before: string | null;
  readonly prev_events: readonly string[];
  /** The states after the `prev_events`, in their order, as event IDs. */
  readonly state_sets: readonly (readonly string[])[];
  readonly resolved: readonly string[];
}

const KEY_ID = 'ed25519:1';

/** Makes a random room with hashes and signatures. Seed, version and size decide on all of it. */
export function exportRoom(seed: number, version: RoomVersion, eventCount: number): ExportedRoom {
  const keys = new SigningKeys(seed);
  const built = new Map<string, BuiltEvent>();
  const room = randomRoom(seed, version, eventCount, (draft) => {
    const event = sign(draft, version, keys, built);
    built.set(event.eventId, event);
    return event.eventId;
  });
  const events = room.events.flatMap(({ event: { eventId }, verdict }) => {
    const pdu = built.get(eventId)?.pdu;
    return pdu === undefined ? [] : [{ event_id: eventId, pdu, auth: verdict }];
  });
  const [first] = built.values();
  return {
    room_version: version.id,
    room_id: first?.roomId ?? '',
    seed,
    keys: keys.publicKeys(),
    events,
    resolutions: [...meetings(room.events), atTheEnd(room)],
  };
}

function sign(
  draft: Draft,
  roomVersion: RoomVersion,
  keys: SigningKeys,
  earlier: ReadonlyMap<string, BuiltEvent>,
): BuiltEvent {
  const serverName = draft.sender.slice(draft.sender.indexOf(':') + 1);
  const referenceTo = (eventId: string) => earlier.get(eventId)?.reference ?? eventId;
  const template = {
    ...draft,
    roomVersion,
    prev_events: draft.prev_events.map(referenceTo),
    auth_events: draft.auth_events.map(referenceTo),
    newOpaqueId: () => `event-${earlier.size}`,
  };
  const event = buildEvent(template, keys.of(serverName));
  if (!event.ok) throw new Error(`${draft.type} cannot be built: ${event.problem.reason}`);
  return event;
}

/** Each server's key, derived from the seed. */
class SigningKeys {
  readonly #seed: number;
  readonly #keys = new Map<string, ReturnType<typeof nodeCrypto>>();

  constructor(seed: number) {
    this.#seed = seed;
  }

  of(serverName: string): ReturnType<typeof nodeCrypto> {
    const known = this.#keys.get(serverName);
    if (known !== undefined) return known;
    const keySeed = hash('sha256', `${this.#seed} ${serverName}`, 'base64');
    const key = nodeCrypto(serverName, KEY_ID, keySeed);
    this.#keys.set(serverName, key);
    return key;
  }

  publicKeys(): Record<string, Record<string, string>> {
    const names = [...this.#keys.keys()].toSorted();
    return Object.fromEntries(names.map((name) => [name, { [KEY_ID]: this.of(name).publicKey }]));
  }
}

function meetings(events: readonly GrownEvent[]): ExportedResolution[] {
  return events
    .filter(({ statesBefore }) => statesBefore.length > 1)
    .map(({ event, statesBefore, stateBefore }) => ({
      before: event.eventId,
      prev_events: event.prev_events,
      state_sets: statesBefore.map(idsOf),
      resolved: idsOf(stateBefore),
    }));
}

function atTheEnd({ events, room }: RandomRoom): ExportedResolution {
  const accepted = events.filter(({ verdict }) => verdict.allowed);
  const continued = new Set(accepted.flatMap(({ event }) => event.prev_events));
  const extremities = accepted.filter(({ event }) => !continued.has(event.eventId));
  const states = extremities.map(({ stateAfter }) => stateAfter);
  return {
    before: null,
    prev_events: extremities.map(({ event }) => event.eventId),
    state_sets: states.map(idsOf),
    resolved: idsOf(room.resolve(states)),
  };
}

/** The events of a state, by ascending type and state key. */
function idsOf(state: RoomState): string[] {
  return [...state].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, eventId]) => eventId);
}
