import type { KeyObject } from 'node:crypto';

import type { EventCrypto, SignatureVerifier } from '@soma/protocol';

import { RECOMMENDED_PREJOIN_STATE } from '../config/config.ts';
import type { PrejoinState } from '../config/config.ts';
import type { Database } from '../storage/database.ts';
import type { InternedNames } from '../storage/names-store.ts';
import { NidBlocks } from '../storage/nid-blocks.ts';
import type { Reader, Statement } from '../storage/sql.ts';
import { ForkedRooms } from './forked-rooms.ts';
import { States } from './inbound/states.ts';
import { JoinsUnderWay } from './joins-under-way.ts';
import { KnownPlaces } from './known-places.ts';
import { WholeRooms } from './partial/whole-rooms.ts';
import type { PolicyServers } from './policy/policy-servers.ts';
import type { Profile } from './profile.ts';
import type { Projection } from './projection.ts';
import { RoomHeads } from './room-heads.ts';
import { RoomVersions } from './room-versions.ts';
import { ServerAcls } from './server-acls.ts';
import { TornRooms } from './torn-rooms.ts';
import { RunningTransactions } from './transaction-replay.ts';

/** How this server hashes and signs its events. */
export interface EventSigner extends Omit<EventCrypto, 'sign'> {
  readonly privateKey: KeyObject;
}

/** What the room domain works with; one per process, made at composition. */
export interface Rooms {
  readonly database: Database;
  readonly names: InternedNames;
  readonly heads: RoomHeads;
  readonly versions: RoomVersions;
  readonly acls: ServerAcls;
  readonly signer: EventSigner;
  /** Verifies the signatures of identity servers in third-party invites. */
  readonly verify: SignatureVerifier;
  /** Undefined where this server asks no others. */
  readonly policyServers: Pick<PolicyServers, 'sign'> | undefined;
  readonly serverName: string;
  readonly eventNids: NidBlocks;
  readonly snapshotNids: NidBlocks;
  /** Orders of events of the past, but for the sign. */
  readonly pastOrders: NidBlocks;
  readonly transactions: RunningTransactions;
  readonly places: KnownPlaces;
  readonly states: States;
  readonly whole: WholeRooms;
  readonly joins: JoinsUnderWay;
  readonly torn: TornRooms;
  readonly forked: ForkedRooms;
  /** Milliseconds since the Unix epoch. */
  now(): number;
  /**
   * The time of a create event, another one at each call: from room version 12 on, two create events that are
   * alike in all else would make one room.
   */
  createTs(): number;
  /** The profile that a local user's member events carry. */
  profileOf(userId: string): Promise<Profile>;
  /** What of it the invitation of a local user shows. */
  profileOfInvited(userId: string): Promise<Profile>;
  /** Whether the user has forgotten the room, having left it. */
  hasForgotten(reader: Reader, userNid: number, roomNid: number): Promise<boolean>;
  isJoined(reader: Reader, userNid: number, roomNid: number): Promise<boolean>;
  /** The IDs of those whom the user ignores (CS API, "Ignoring Users"). */
  ignoredBy(userNid: number): ReadonlySet<string> | Promise<ReadonlySet<string>>;
  /** How long messages are shown; undefined where the operator sets no bound. */
  readonly retention: RetentionBounds | undefined;
  readonly prejoinState: PrejoinState;
  /** What else is written with a membership of a room that this server is not in. */
  readonly besideOutOfBand: (member: MemberOutOfBand) => readonly Statement[];
  /** Who writes the server's notices; undefined where nobody does. */
  readonly noticesSenderId: string | undefined;
}

/** A member event of a user of this server, of a room that this server is not in. */
export interface MemberOutOfBand {
  readonly userId: string;
  readonly roomNid: number;
  readonly eventId: string;
  /** The PDU's canonical JSON. */
  readonly json: string;
  /** JSON text of what an invitation or knock shows of the room. */
  readonly strippedState: string | null;
}

/** What the operator allows of `m.room.retention`. */
export interface RetentionBounds {
  /** For rooms that say nothing. */
  readonly defaultMaxMs: number | undefined;
  readonly allowedMinMs: number | undefined;
  readonly allowedMaxMs: number | undefined;
}

export interface RoomsOptions {
  readonly database: Database;
  readonly names: InternedNames;
  readonly projections: readonly Projection[];
  readonly signer: EventSigner;
  readonly now: () => number;
  readonly profileOf: (userId: string) => Promise<Profile>;
  /** Without it invitations show all of the profile. */
  readonly profileOfInvited?: (userId: string) => Promise<Profile>;
  /** Without it nobody has forgotten a room. */
  readonly hasForgotten?: Rooms['hasForgotten'];
  /** Without it nobody counts as joined to another room. */
  readonly isJoined?: Rooms['isJoined'];
  /** Without it nobody ignores anybody. */
  readonly ignoredBy?: Rooms['ignoredBy'];
  /** Without it no third-party invite can be redeemed. */
  readonly verify?: SignatureVerifier;
  /** Without it what a room's policy server says is of no account. */
  readonly policyServers?: Rooms['policyServers'];
  readonly retention?: RetentionBounds | undefined;
  /** Without it nothing. */
  readonly besideOutOfBand?: Rooms['besideOutOfBand'];
  /** Without it those are shown what the specification recommends. */
  readonly prejoinState?: PrejoinState;
  readonly noticesSenderId?: string | undefined;
}

const NOBODY: ReadonlySet<string> = new Set();
const EVENT_NID_BLOCK = 10_000;
const SNAPSHOT_NID_BLOCK = 1_000;
const PAST_ORDER_BLOCK = 1_000;

export function openRooms(options: RoomsOptions): Rooms {
  const { database, names, projections, signer, now, profileOf } = options;
  let lastCreateTs = 0;
  const versions = new RoomVersions();
  return {
    database,
    names,
    heads: new RoomHeads(database, names, projections),
    versions,
    acls: new ServerAcls(names, versions),
    signer,
    verify: options.verify ?? (() => false),
    policyServers: options.policyServers,
    serverName: signer.serverName,
    eventNids: new NidBlocks(database, 'event', EVENT_NID_BLOCK),
    snapshotNids: new NidBlocks(database, 'snapshot', SNAPSHOT_NID_BLOCK),
    pastOrders: new NidBlocks(database, 'past_order', PAST_ORDER_BLOCK),
    transactions: new RunningTransactions(),
    places: new KnownPlaces(),
    states: new States(database),
    whole: new WholeRooms(database),
    joins: new JoinsUnderWay(),
    torn: new TornRooms(database),
    forked: new ForkedRooms(),
    now,
    createTs: () => (lastCreateTs = Math.max(now(), lastCreateTs + 1)),
    profileOf,
    profileOfInvited: options.profileOfInvited ?? profileOf,
    hasForgotten: options.hasForgotten ?? (async () => false),
    isJoined: options.isJoined ?? (async () => false),
    ignoredBy: options.ignoredBy ?? (() => NOBODY),
    retention: options.retention,
    prejoinState: options.prejoinState ?? RECOMMENDED_PREJOIN_STATE,
    besideOutOfBand: options.besideOutOfBand ?? (() => []),
    noticesSenderId: options.noticesSenderId,
  };
}
