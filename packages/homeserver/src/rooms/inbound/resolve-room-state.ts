import { hash } from 'node:crypto';

import { authEventIds, resolveState, resolvedState } from '@soma/protocol';
import type {
  CompactState,
  ResolutionEvent,
  ResolutionSource,
  RoomVersion,
  SignatureVerifier,
} from '@soma/protocol';

import type { StateKeys } from '../../storage/names-store.ts';
import type { Reader } from '../../storage/sql.ts';
import { othersTurn } from '../../streams/turns.ts';
import { EventFlag } from '../event-store.ts';
import { readAuthEdges, readEventsForAuth, readNamedAuthEdges } from '../graph-store.ts';
import type { AuthEventRow } from '../graph-store.ts';
import { readCreateEventNid } from '../state-store.ts';
import { storedPdu } from '../stored-event.ts';

/** Events that are read at once: other requests wait while SQLite reads. */
const PIECE_EVENTS = 500;

const NO_EDGES: ReadonlyMap<string, number> = new Map();

/** What a resolution reads from. */
export interface ResolutionContext {
  readonly reader: Reader;
  readonly stateKeys: Pick<StateKeys, 'find'>;
  readonly verify: SignatureVerifier;
}

/** The room whose states are resolved. */
export interface RoomToResolve {
  readonly roomNid: number;
  readonly version: RoomVersion;
}

/**
 * Which of these states holds (spec: Room Versions, "State resolution").
 *
 * @param unstored an event of the states that is not in the database yet
 */
export async function resolveRoomState(
  context: ResolutionContext,
  { roomNid, version }: RoomToResolve,
  stateSets: readonly CompactState[],
  unstored?: ResolutionEvent,
): Promise<CompactState> {
  const createNid = await readCreateEventNid(context.reader, roomNid);
  const resolution = await resolveState(
    {
      roomVersion: version,
      stateSets,
      ...(createNid === undefined ? {} : { createNid }),
      sha1: (text) => hash('sha1', text, 'hex'),
      verify: context.verify,
    },
    new StoredEvents(context, version, unstored),
  );
  const [missing] = resolution.missing;
  if (missing !== undefined) throw new Error(`event ${missing} of a state is missing`);
  return resolvedState(resolution);
}

/** Answers a resolution from the database. */
class StoredEvents implements ResolutionSource {
  readonly #reader: Reader;
  readonly #stateKeys: ResolutionContext['stateKeys'];
  readonly #version: RoomVersion;
  readonly #unstored: ResolutionEvent | undefined;

  constructor(
    { reader, stateKeys }: ResolutionContext,
    version: RoomVersion,
    unstored: ResolutionEvent | undefined,
  ) {
    this.#reader = reader;
    this.#stateKeys = stateKeys;
    this.#version = version;
    this.#unstored = unstored;
  }

  async authEvents(eventNids: readonly number[]) {
    const edges = new Map<number, ResolutionEvent['authEventNids']>();
    for (const piece of piecesOf(eventNids)) {
      for (const [nid, listed] of await readAuthEdges(this.#reader, piece)) edges.set(nid, listed);
      await othersTurn();
    }
    if (this.#unstored !== undefined) edges.set(this.#unstored.nid, this.#unstored.authEventNids);
    return eventNids.map((nid) => edges.get(nid));
  }

  async events(eventNids: readonly number[]) {
    const events = new Map<number, ResolutionEvent>();
    for (const piece of piecesOf(eventNids)) {
      const rows = await readEventsForAuth(this.#reader, piece);
      const edges = await readNamedAuthEdges(this.#reader, piece);
      for (const row of rows) {
        const event = resolutionEvent(row, this.#version, edges.get(row.event_nid) ?? NO_EDGES);
        if (event !== undefined) events.set(row.event_nid, event);
      }
      await othersTurn();
    }
    if (this.#unstored !== undefined) events.set(this.#unstored.nid, this.#unstored);
    return eventNids.map((nid) => events.get(nid));
  }

  stateKeys(keys: readonly (readonly [type: string, stateKey: string])[]) {
    return Promise.all(keys.map(([type, stateKey]) => this.#stateKeys.find(type, stateKey)));
  }
}

function* piecesOf(eventNids: readonly number[]): Generator<readonly number[]> {
  for (let start = 0; start < eventNids.length; start += PIECE_EVENTS) {
    yield eventNids.slice(start, start + PIECE_EVENTS);
  }
}

function resolutionEvent(
  row: AuthEventRow,
  version: RoomVersion,
  edges: ReadonlyMap<string, number>,
): ResolutionEvent | undefined {
  const { event_nid: nid, event_id: eventId, state_key_nid: stateKeyNid, flags } = row;
  const pdu = storedPdu(row, version);
  if (stateKeyNid === null || pdu.state_key === undefined) return undefined;
  const isRejected = (flags & EventFlag.rejected) !== 0;
  return {
    ...pdu,
    state_key: pdu.state_key,
    nid,
    eventId,
    stateKeyNid,
    authEventNids: authEventIds(pdu).flatMap((id) => edges.get(id) ?? []),
    ...(isRejected ? { rejected: true } : {}),
  };
}
