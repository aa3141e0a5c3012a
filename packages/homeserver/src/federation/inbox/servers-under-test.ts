import { createPublicKey, generateKeyPairSync, hash, sign } from 'node:crypto';
import type { KeyObject } from 'node:crypto';

import {
  authEventKeys,
  buildEvent,
  encodeBase64,
  roomVersion,
  verifySignatures,
} from '@soma/protocol';
import type { EventReference, JsonObject, RoomVersion } from '@soma/protocol';

import { RoomDetailsProjection } from '../../directory/room-details-projection.ts';
import { FederationError } from '../../federation-client/federation-error.ts';
import type { KeyRing } from '../../federation-client/keys/key-ring.ts';
import { verifySignature } from '../../federation-client/keys/verify-signature.ts';
import { MembershipProjection } from '../../membership/membership-projection.ts';
import { checkDatabase } from '../../rooms/check-database.ts';
import { createRoom } from '../../rooms/create-room.ts';
import { readEventById, readEvents } from '../../rooms/event-store.ts';
import { checkPdu } from '../../rooms/inbound/check-pdu.ts';
import { openRoomIntake } from '../../rooms/inbound/open-room-intake.ts';
import type { Received, RoomIntake } from '../../rooms/inbound/room-intake.ts';
import { RelationsProjection } from '../../rooms/relations/relations-projection.ts';
import type { RoomHead } from '../../rooms/room-head.ts';
import { writeToRoom } from '../../rooms/room-write.ts';
import { openRooms } from '../../rooms/rooms.ts';
import type { Rooms } from '../../rooms/rooms.ts';
import { readCurrentState, readRoomHead, readSnapshot } from '../../rooms/state-store.ts';
import { openDatabaseUnderTest } from '../../storage/database-under-test.ts';
import { InterceptedDatabase } from '../../storage/intercepted-database-under-test.ts';
import { internedNames } from '../../storage/names-store.ts';
import { RoomListingProjection } from '../../sync/sliding/room-listing-projection.ts';
import { createLogger } from '../../telemetry/logger.ts';

/** What an event of a test says; the rest follows from the room. */
export interface TestDraft {
  readonly type: string;
  readonly stateKey?: string;
  readonly sender: string;
  readonly content: JsonObject;
  readonly redacts?: string;
  readonly originServerTs?: number;
}

/** How an event of a test departs from what follows from the room. */
export interface Departure {
  readonly prevEvents?: readonly EventReference[];
  readonly authEvents?: readonly EventReference[];
  /** In room versions 1 and 2. */
  readonly eventId?: string;
  /** Signs in the place of the sender's server. */
  readonly signedBy?: ServerUnderTest;
}

/** What a server is asked: `path` without the common part, parameters decoded. */
export interface TestRequest {
  readonly destination: string;
  readonly endpoint: string;
  readonly parameters: readonly string[];
  readonly eventId: string;
  readonly body: JsonObject;
}

type Answer = (request: TestRequest) => Promise<JsonObject>;

/** The keys of all servers of a test. */
export class TestNetwork {
  readonly keys = new Map<string, string>();
  /** What was asked, as endpoints. */
  readonly asked: string[] = [];
  /** Answers what the servers ask each other. */
  answer: Answer = async ({ destination }) => {
    throw new FederationError('unreachable', destination, 'nobody answers');
  };
}

let newestMs = 1_700_000_000_000;

/** A server's room graph, with other servers of the test around it. */
export class ServerUnderTest {
  readonly name: string;
  readonly database: InterceptedDatabase;
  readonly rooms: Rooms;
  readonly intake: RoomIntake;
  readonly keyRing: Pick<KeyRing, 'verify'>;
  readonly privateKey: KeyObject;

  private constructor(network: TestNetwork, name: string, database: InterceptedDatabase) {
    const { privateKey } = generateKeyPairSync('ed25519');
    const der = createPublicKey(privateKey).export({ format: 'der', type: 'spki' });
    network.keys.set(name, encodeBase64(der.subarray(-32)));
    this.name = name;
    this.database = database;
    this.privateKey = privateKey;
    const names = internedNames(database, 1);
    this.rooms = openRooms({
      database,
      names,
      projections: [
        new MembershipProjection(names.users, { serverName: name }),
        new RoomDetailsProjection(),
        new RoomListingProjection(),
        new RelationsProjection(),
      ],
      signer: {
        serverName: name,
        keyId: 'ed25519:1',
        sha256: (text) => hash('sha256', text, 'base64'),
        privateKey,
      },
      verify: verifySignature,
      now: () => (newestMs += 1),
      profileOf: async () => ({}),
    });
    this.keyRing = {
      verify: async (signatures, text, serverName) => {
        const key = network.keys.get(serverName);
        return verifySignatures(signatures, text, serverName, () => key, verifySignature);
      },
    };
    this.intake = openRoomIntake({
      joinedInPart: () => {},
      rooms: this.rooms,
      keyRing: this.keyRing,
      client: {
        requestJson: async ({ path, destination, query = {}, body = {} }) => {
          const [endpoint = '', ...parameters] = path.split('/').slice(4).map(decodeURIComponent);
          network.asked.push(endpoint);
          const eventId = String(query['event_id']);
          return network.answer({ destination, endpoint, parameters, eventId, body });
        },
      },
      logger: createLogger({ level: 'silent' }).logger,
    });
  }

  /** @param databaseSection as a test engine gives it */
  static async open(
    network: TestNetwork,
    name: string,
    databaseSection: object,
  ): Promise<ServerUnderTest> {
    const database = await openDatabaseUnderTest(databaseSection, name);
    return new ServerUnderTest(network, name, new InterceptedDatabase(database));
  }

  user(localpart: string): string {
    return `@${localpart}:${this.name}`;
  }

  /** A public room in which everybody may set state but for the power levels and the like. */
  createRoom(creator: string, versionId: string): Promise<string> {
    return createRoom(this.rooms, {
      creator,
      version: versionOf(versionId),
      preset: 'public_chat',
      creationContent: {},
      powerLevelsOverride: { state_default: 0 },
      initialState: [],
      invite: [],
      isDirect: false,
    });
  }

  async roomNid(roomId: string): Promise<number> {
    return (await this.rooms.names.rooms.find(roomId)) ?? 0;
  }

  /** Sends as a user of this server. Resolves to the event's ID. */
  async send(roomId: string, draft: TestDraft): Promise<string> {
    const written = await writeToRoom(this.rooms, await this.roomNid(roomId), (write) =>
      write.append({ ...draft }),
    );
    return written.value.built.eventId;
  }

  /** An event on this server's view of the room, signed by the sender's server; nobody has it yet. */
  async build(
    signer: ServerUnderTest,
    roomId: string,
    draft: TestDraft,
    departure: Departure = {},
  ): Promise<{ readonly eventId: string; readonly json: string }> {
    const roomNid = await this.roomNid(roomId);
    return this.rooms.heads.run(roomNid, async (head) => {
      if (head === undefined) throw new Error('the room is not known');
      await head.lastChange?.done;
      return buildOn(head, signer, draft, departure);
    });
  }

  receive(origin: ServerUnderTest, roomId: string, pdu: string, refuse = false): Promise<Received> {
    return this.intake.receive({ origin: origin.name, roomId, pdu, refuse });
  }

  /** Receives events as those of the inbox are received, after the checks of a transaction. */
  async receiveRun(
    origin: ServerUnderTest,
    roomId: string,
    pdus: readonly string[],
  ): Promise<PromiseSettledResult<Received>[]> {
    const version = await this.rooms.versions.of(this.database.reader, await this.roomNid(roomId));
    if (version === undefined) throw new Error('the room has no version');
    const receptions = [];
    for (const pdu of pdus) {
      const checks = { keyRing: this.keyRing, sha256: this.rooms.signer.sha256 };
      const checked = await checkPdu(checks, pdu, version);
      if (!checked.ok) throw new Error(checked.reason);
      receptions.push({ origin: origin.name, roomId, pdu, checked });
    }
    return this.intake.receiveRun(receptions);
  }

  async json(eventId: string): Promise<string> {
    const row = await readEventById(this.database.reader, eventId);
    if (row === undefined) throw new Error(`there is no ${eventId}`);
    return row.json;
  }

  /** Joins a room of another server, as with `/make_join` and `/send_join`. */
  async join(resident: ServerUnderTest, roomId: string, userId: string): Promise<string> {
    const draft = {
      type: 'm.room.member',
      stateKey: userId,
      sender: userId,
      content: { membership: 'join' },
    };
    const { eventId, json } = await resident.build(this, roomId, draft);
    const received = await resident.receive(this, roomId, json, true);
    if (received.kind !== 'accepted') throw new Error(JSON.stringify(received));
    const { reader } = resident.database;
    const version = await resident.rooms.versions.of(reader, received.event.roomNid);
    if (version === undefined) throw new Error('the room has no version');
    const state = await readSnapshot(reader, received.event.stateBefore);
    const rows = await readEvents(reader, [...state.values()]);
    const all = await this.#authChain(
      resident,
      rows.map((row) => row.json),
    );
    await this.intake.importRoom({
      roomId,
      version,
      joinEvent: json,
      state: rows.map((row) => row.json),
      authChain: all,
      resident: resident.name,
    });
    return eventId;
  }

  /** The current state as event IDs by type and state key. */
  async state(roomId: string): Promise<Record<string, string>> {
    const state = await readCurrentState(this.database.reader, await this.roomNid(roomId));
    const rows = await readEvents(this.database.reader, [...state.values()]);
    const entries = rows.map((row) => {
      const pdu = JSON.parse(row.json);
      return [`${pdu.type}|${pdu.state_key}`, row.event_id] as const;
    });
    return Object.fromEntries(entries.toSorted(([a], [b]) => (a < b ? -1 : 1)));
  }

  /** The current state as the JSON of its events. */
  async stateJson(roomId: string): Promise<string[]> {
    const ids = Object.values(await this.state(roomId));
    return Promise.all(ids.map((id) => this.json(id)));
  }

  /** The IDs of the room's forward extremities. */
  async extremities(roomId: string): Promise<string[]> {
    const head = await readRoomHead(this.database.reader, await this.roomNid(roomId));
    return head?.extremities.map((row) => row.event_id) ?? [];
  }

  /** What is wrong with the database. */
  async problems(): Promise<readonly string[]> {
    return (await checkDatabase(this.database)).problems;
  }

  async #authChain(resident: ServerUnderTest, jsons: readonly string[]): Promise<string[]> {
    const found = new Map<string, string>();
    const waiting = [...jsons];
    for (let json = waiting.pop(); json !== undefined; json = waiting.pop()) {
      for (const reference of JSON.parse(json).auth_events) {
        const id = typeof reference === 'string' ? reference : reference[0];
        if (found.has(id)) continue;
        const text = await resident.json(id);
        found.set(id, text);
        waiting.push(text);
      }
    }
    return [...found.values()];
  }
}

async function buildOn(
  head: RoomHead,
  signer: ServerUnderTest,
  draft: TestDraft,
  departure: Departure,
) {
  const subject = {
    type: draft.type,
    sender: draft.sender,
    content: draft.content,
    ...(draft.stateKey === undefined ? {} : { state_key: draft.stateKey }),
  };
  const keys = authEventKeys(subject, head.version);
  await head.load(keys);
  const auth = keys
    .map(([type, key]) => head.get(type, key)?.reference)
    .filter((reference) => reference !== undefined);
  const by = departure.signedBy ?? signer;
  let opaque = 0;
  const built = buildEvent(
    {
      roomVersion: head.version,
      ...subject,
      room_id: head.roomId,
      prev_events: [...(departure.prevEvents ?? head.extremities.map((one) => one.reference))],
      auth_events: [...(departure.authEvents ?? auth)],
      depth: head.nextDepth,
      origin_server_ts: draft.originServerTs ?? (newestMs += 1),
      ...(draft.redacts === undefined ? {} : { redacts: draft.redacts }),
      newOpaqueId: () =>
        departure.eventId?.slice(1).split(':')[0] ?? `opaque-${newestMs}-${(opaque += 1)}`,
    },
    {
      serverName: by.name,
      keyId: 'ed25519:1',
      sha256: (text) => hash('sha256', text, 'base64'),
      sign: (text) => encodeBase64(sign(null, Buffer.from(text), by.privateKey)),
    },
  );
  if (!built.ok) throw new Error(built.problem.reason);
  return { eventId: built.eventId as string, json: built.json };
}

export function versionOf(id: string): RoomVersion {
  const version = roomVersion(id);
  if (version === undefined) throw new Error(`there is no room version ${id}`);
  return version;
}
