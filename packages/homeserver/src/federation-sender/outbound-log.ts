import { isLocalUser } from '../ephemeral/is-local-user.ts';
import { readSnapshotKey } from '../rooms/state-store.ts';
import { boundedCache } from '../storage/bounded-cache.ts';
import { ChangeKind } from '../storage/change.ts';
import type { Reader, Statement } from '../storage/sql.ts';
import { readChanges } from '../streams/cursor-store.ts';
import type { FollowedIndex, LogStep } from '../streams/log-follower.ts';
import type { QueuedPdu } from './destination-queue.ts';
import type { FederationSender } from './federation-sender.ts';
import type { IntroducedDevices } from './introduced-devices.ts';
import { destinationsRememberedMax } from './limits.ts';
import { knowDestinationStatement, noteRoomStatement } from './outbox-rooms-store.ts';
import { readDestinationsWithEdus } from './outbox-store.ts';
import { readEndsAt, readOutboundEvents } from './pdu-store.ts';
import type { OutboundRow } from './pdu-store.ts';
import type { ReceiptPace } from './receipt-pace.ts';
import { receiptStatements } from './receipt-statements.ts';
import type { MemberChange } from './servers-along-log-store.ts';
import type { Arrivals, RoomWalk, ServersAlongLog, Stretch } from './servers-along-log.ts';
import {
  forgetPutOutStatement,
  putOutStatement,
  readServersPutOut,
  tellPutOutStatement,
} from './servers-put-out-store.ts';

export interface OutboundLogOptions {
  readonly serverName: string;
  readonly servers: ServersAlongLog;
  readonly sender: Pick<FederationSender, 'deliver' | 'deliverStoredEdus'>;
  readonly receiptPace: Pick<ReceiptPace, 'tell'>;
  /** Is told who has come to which room; twice where a step fails. */
  readonly arrived?: ((roomNid: number, arrivals: Arrivals) => void) | undefined;
  readonly devices?: Pick<IntroducedDevices, 'introduce'> | undefined;
  /** Whether this server federates with that one. */
  readonly allows: (serverName: string) => boolean;
}

const CHANGES_AT_ONCE = 200;
const EVENTS_AT_ONCE = 1_000;
/** Short beside the way to another server, and long enough for a busy server to read much at once. */
const REST_MS = 20;

interface OutboundEvent extends QueuedPdu {
  readonly roomNid: number;
  readonly others: ReadonlySet<string>;
}

/** What is handed on once a step is committed. */
interface HandedOn {
  readonly pdus: ReadonlyMap<string, readonly QueuedPdu[]>;
  readonly receipts: ReadonlyMap<number, readonly string[]>;
  readonly introducedTo: ReadonlySet<string>;
}

/**
 * What the log holds for other servers: events of users of this server, and those that it brings to a room for another
 * one, go to the servers in the room; public receipts too. It is passed once it stands in the outbox.
 */
export class OutboundLog implements FollowedIndex {
  readonly name = 'federation';
  readonly restMs = REST_MS;
  readonly #options: OutboundLogOptions;
  readonly #known = boundedCache<string, true>(destinationsRememberedMax);
  #next: HandedOn | undefined;

  constructor(options: OutboundLogOptions) {
    this.#options = options;
  }

  async read(reader: Reader, above: number, now: number): Promise<LogStep> {
    const { sender } = this.#options;
    const rooms = await readChanges(reader, [ChangeKind.room], above, now, CHANGES_AT_ONCE);
    const receipts = await readChanges(
      reader,
      [ChangeKind.receipt],
      above,
      rooms.upTo,
      CHANGES_AT_ONCE,
    );
    const stretch = { above, upTo: receipts.upTo, now };
    const events: OutboundEvent[] = [];
    const besides: Statement[] = [];
    const introducedTo = new Set<string>();
    const allPutOut = await readServersPutOut(reader, rooms.subjects);
    for (const roomNid of rooms.subjects) {
      const walk = await this.#options.servers.walk(reader, roomNid, stretch);
      const putOut = allPutOut.get(roomNid) ?? new Set();
      if (!walk.isAlone || putOut.size > 0) {
        const found = await this.#eventsOf(reader, roomNid, stretch, walk, putOut);
        events.push(...found.events);
        besides.push(...found.statements);
      }
      const arrivals = walk.finish();
      if (arrivals.servers.size > 0) besides.push(forgetPutOutStatement(roomNid, arrivals.servers));
      this.#options.arrived?.(roomNid, arrivals);
      const came = { roomNid, userIds: arrivals.userIds, above, now };
      const introduced = await this.#options.devices?.introduce(reader, came);
      besides.push(...(introduced?.statements ?? []));
      for (const serverName of introduced?.serverNames ?? []) introducedTo.add(serverName);
    }
    const noted = noteEvents(events.toSorted((a, b) => a.order - b.order));
    const received = await receiptStatements(reader, receipts.subjects, stretch, this.#options);
    // These are only woken: what they are to get is in the outbox already.
    for (const serverName of await readDestinationsWithEdus(reader, above, stretch.upTo)) {
      sender.deliverStoredEdus(serverName);
    }
    this.#next = { pdus: noted.pdus, receipts: received.destinations, introducedTo };
    const statements = [
      ...this.#know(noted.pdus.keys()),
      ...noted.statements,
      ...besides,
      ...received.statements,
    ];
    return { statements, upTo: stretch.upTo };
  }

  stepped(): void {
    const { sender, receiptPace } = this.#options;
    if (this.#next === undefined) return;
    for (const serverName of this.#next.pdus.keys()) this.#known.set(serverName, true);
    if (this.#next.pdus.size > 0) sender.deliver(this.#next.pdus);
    for (const serverName of this.#next.introducedTo) sender.deliverStoredEdus(serverName);
    for (const [roomNid, others] of this.#next.receipts) receiptPace.tell(roomNid, others);
    this.#next = undefined;
  }

  /** @param putOut servers that have been put out of the room before, and are not told */
  async #eventsOf(
    reader: Reader,
    roomNid: number,
    stretch: Stretch,
    walk: RoomWalk,
    putOut: Set<string>,
  ): Promise<{ events: OutboundEvent[]; statements: Statement[] }> {
    const events: OutboundEvent[] = [];
    const statements: Statement[] = [];
    for (let above = stretch.above; ;) {
      const range = [roomNid, above, stretch.upTo, EVENTS_AT_ONCE] as const;
      const rows = await readOutboundEvents(reader, ...range);
      for (const row of rows) {
        const order = row.event_order;
        const { servers, gone } = walk.othersAround(order);
        if (this.#isSent(row)) {
          const others = this.#targets(row, [...servers, ...putOut]);
          events.push({ eventNid: row.event_nid, order, roomNid, others });
          if (putOut.size > 0) statements.push(tellPutOutStatement(roomNid));
          putOut.clear();
          continue;
        }
        for (const { serverName, isReset } of gone) {
          if (!isReset) continue;
          putOut.add(serverName);
          statements.push(putOutStatement(roomNid, serverName));
        }
        const others = this.#targets(row, await unawareServers(reader, row, gone));
        if (others.size === 0) continue;
        const ends = await readEndsAt(reader, roomNid, order);
        for (const eventNid of new Set([row.event_nid, ...ends])) {
          events.push({ eventNid, order, roomNid, others });
        }
      }
      if (rows.length < EVENTS_AT_ONCE) break;
      above = rows.at(-1)?.event_order ?? stretch.upTo;
    }
    return { events, statements };
  }

  /** Whether this server sends it to the others in the room. */
  #isSent({ is_sent: isSent, sender }: OutboundRow): boolean {
    return isSent === 1 || (isSent === null && isLocalUser(sender, this.#options.serverName));
  }

  #targets(row: OutboundRow, names: Iterable<string>): ReadonlySet<string> {
    const { allows } = this.#options;
    return new Set([...names].filter((name) => name !== row.except_server && allows(name)));
  }

  #know(serverNames: Iterable<string>): Statement[] {
    return [...serverNames].flatMap((name) =>
      this.#known.has(name) ? [] : [knowDestinationStatement(name)],
    );
  }
}

/**
 * The servers with members whom an event of another server has put out of the room by resolution, and that would go on as if
 * these were in it: its sender did not take them to be there, or not by what they came with, so that it may have told their
 * server before they came; or it is what else was said at the time that puts them out, and their server may not have
 * heard of it.
 */
async function unawareServers(
  reader: Reader,
  row: OutboundRow,
  gone: readonly MemberChange[],
): Promise<Set<string>> {
  const unaware = new Set<string>();
  for (const { serverName, stateKeyNid, oldEventNid } of gone) {
    const isOfEvent = stateKeyNid === row.state_key_nid;
    const isPlain =
      isOfEvent &&
      (await readSnapshotKey(reader, row.state_before ?? 0, stateKeyNid)) === oldEventNid;
    if (!isPlain) unaware.add(serverName);
  }
  return unaware;
}

function noteEvents(events: readonly OutboundEvent[]) {
  const pdus = new Map<string, QueuedPdu[]>();
  const last = new Map<string, Map<number, number>>();
  for (const { eventNid, order, roomNid, others } of events) {
    const pdu = { eventNid, order };
    for (const serverName of others) {
      append(pdus, serverName, pdu);
      const rooms = last.get(serverName) ?? new Map<number, number>();
      last.set(serverName, rooms.set(roomNid, order));
    }
  }
  const statements = [...last].flatMap(([serverName, rooms]) =>
    [...rooms].map(([roomNid, order]) => noteRoomStatement(serverName, roomNid, order)),
  );
  return { pdus, statements };
}

function append<Key, Value>(lists: Map<Key, Value[]>, key: Key, value: Value): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [value]);
  else list.push(value);
}
