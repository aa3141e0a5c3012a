import type { RoomVersion } from '@soma/protocol';

import type { Statement } from '../../storage/sql.ts';
import type { CheckedPdu, GivenPdu } from './check-pdu.ts';

/** An event that came from another server, on its own or in a transaction. */
export interface Reception {
  /** The server that sent it: it is asked for what is missing. */
  readonly origin: string;
  readonly roomId: string;
  readonly pdu: GivenPdu;
  /** The same event where its format, signatures and hash were checked a moment ago. */
  readonly checked?: CheckedPdu | undefined;
  /**
   * Stores nothing unless the event is accepted against its auth events, the state before it and the current state: for
   * a caller that tells its sender so, as with `/send_join`. Nothing is fetched then: its prev events must be known.
   */
  readonly refuse?: boolean | undefined;
  /** Leaves the event alone where another server would have to be asked about it: `unasked`. */
  readonly asksNobody?: boolean | undefined;
  /** What belongs to the same change as the event, if it is accepted. */
  readonly beside?: ((eventNid: number) => readonly Statement[]) | undefined;
}

/** An event at its place in the room graph. */
export interface PlacedEvent {
  readonly eventId: string;
  readonly eventNid: number;
  readonly roomNid: number;
  /** The snapshot of the state before it. */
  readonly stateBefore: number;
  /** The position of the change that holds it; 0 when it had come before. */
  readonly position: number;
}

/** What became of a received event (SS API, "Checks performed on receipt of a PDU"); the change is committed. */
export type Received =
  | { readonly kind: 'accepted'; readonly event: PlacedEvent }
  | { readonly kind: 'soft-failed'; readonly event: PlacedEvent; readonly reason: string }
  | {
      readonly kind: 'rejected';
      readonly event: PlacedEvent;
      readonly rule: string;
      readonly reason: string;
    }
  /** Nothing was stored. */
  | NotReceived;

export interface NotReceived {
  readonly kind: 'refused';
  readonly cause:
    /** Malformed, too large, of another room, or not signed by those who must have signed. */
    | 'invalid'
    /** The room's server ACL denies the origin. */
    | 'denied'
    /** This server is not in the room. */
    | 'unknown-room'
    /** Not allowed by the auth rules; only where the caller wants a refusal. */
    | 'forbidden'
    /** Something that it stands on could not be had; it may be tried again. */
    | 'incomplete'
    /** Others would have to be asked, for what it stands on or for a policy server's signature. */
    | 'unasked';
  readonly reason: string;
  /** Of `incomplete`: a server that was asked could not be reached. */
  readonly isCutOff?: boolean;
}

/** A room as the answer to `/send_join` shows it. */
export interface RoomToImport {
  readonly roomId: string;
  readonly version: RoomVersion;
  /** The join event, with the signatures that the resident server has added. */
  readonly joinEvent: GivenPdu;
  /** The state before the join event. */
  readonly state: readonly GivenPdu[];
  readonly authChain: readonly GivenPdu[];
  /** The server that answered. */
  readonly resident: string;
  /** Given when the state lacks member events (SS API, `members_omitted`). */
  readonly partial?: PartialImport | undefined;
}

export interface PartialImport {
  readonly serversInRoom: readonly string[];
}

export interface ImportedRoom {
  readonly roomNid: number;
  readonly joinEventNid: number;
  /** The position of the join. */
  readonly position: number;
}

/** The answer to `/send_join` cannot be taken for the room. */
export class ImportRefused extends Error {
  constructor(reason: string) {
    super(reason);
    this.name = 'ImportRefused';
  }
}

/** Events without a place in the room's history. */
export interface OutliersToAdd {
  readonly roomId: string;
  readonly version: RoomVersion;
  /** In any order; one whose auth events are neither known nor among these is left out. */
  readonly pdus: readonly GivenPdu[];
}

export interface AddedOutlier {
  readonly eventId: string;
  readonly eventNid: number;
  /** Set when its auth events do not allow it. */
  readonly rejectedBy: string | undefined;
}

/** What of a room's past is wanted, and of whom. */
export interface Backfill {
  readonly roomId: string;
  readonly roomNid: number;
  readonly version: RoomVersion;
  readonly server: string;
  /** Events that are not there: these and what came before them. */
  readonly eventIds: readonly string[];
  readonly signal: AbortSignal;
}

/** How the room graph takes in what other servers send. */
export interface RoomIntake {
  /** Checks one event, fetches what it stands on, and gives it its place in the room. */
  receive(reception: Reception): Promise<Received>;
  /** The same with events that come in this order, none of them with `refuse` or `beside`. */
  receiveRun(receptions: readonly Reception[]): Promise<PromiseSettledResult<Received>[]>;
  /**
   * Makes a room of this server of what a resident server has answered to a join. Also for a room that this server was
   * in before. Throws {@link ImportRefused}.
   */
  importRoom(room: RoomToImport): Promise<ImportedRoom>;
  /** Checks and stores events without a place in the room's history. What is wrong with one leaves that one out. */
  addOutliers(outliers: OutliersToAdd): Promise<readonly AddedOutlier[]>;
  /** Fills in the past of a room from another server. Resolves to how many events have a place now. */
  backfill(backfill: Backfill): Promise<number>;
  /** Ends what is being asked of other servers. */
  close(): void;
}
