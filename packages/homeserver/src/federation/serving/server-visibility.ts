import { historyVisibilityOf, maySeeEvent, parseUserId, serverNameOf } from '@soma/protocol';
import type { AtEvent, HistoryVisibility } from '@soma/protocol';

import { readErased } from '../../accounts/account-store.ts';
import { readEvent, readEvents } from '../../rooms/event-store.ts';
import { eventAt } from '../../rooms/inbound/states.ts';
import { readKeyHistory, readSnapshotKey } from '../../rooms/state-store.ts';
import { toStoredEvent } from '../../rooms/stored-event.ts';
import type { StoredEvent } from '../../rooms/stored-event.ts';
import type { Reader } from '../../storage/sql.ts';
import type { ServerAccess } from './admit-server.ts';
import type { Serving } from './serving.ts';

/** How an event goes out: what a server in the room may not see goes without its content, since it needs the graph. */
export type Showing = 'whole' | 'redacted' | 'hidden';

/** Users of one server who are looked up one by one in a state; of more, the whole state is read. */
const USERS_LOOKED_UP_MAX = 50;
/** Users of a former member server whose time in the room is looked at. */
const FORMER_USERS_MAX = 200;

/** What of the state before an event decides who sees it. */
interface StateAt {
  readonly visibility: HistoryVisibility;
  /** Those of the server's users, each once; `leave` where none has any. */
  memberships(): Promise<readonly string[]>;
}

/**
 * Which events of a room another server may see, as its users may (CS API, "Room history visibility"): by the state
 * before each event.
 */
export class ServerVisibility {
  readonly #serving: Serving;
  readonly #reader: Reader;
  readonly #access: ServerAccess;
  readonly #states = new Map<number, StateAt>();
  #insideUntil: Promise<number> | undefined;
  #userKeys: Promise<ReadonlySet<number>> | undefined;

  constructor(serving: Serving, reader: Reader, access: ServerAccess) {
    this.#serving = serving;
    this.#reader = reader;
    this.#access = access;
  }

  async decide(events: readonly StoredEvent[]): Promise<Map<number, Showing>> {
    const showings = new Map<number, Showing>();
    const senders = new Set(events.map(({ senderNid }) => senderNid));
    const erased = await readErased(this.#reader, senders);
    for (const event of events) {
      const isSeen =
        (await this.#maySee(event)) &&
        (!erased.has(event.senderNid) || (await this.#wasInsideAt(event)));
      const unseen = this.#access.needsGraph ? 'redacted' : 'hidden';
      showings.set(event.eventNid, isSeen ? 'whole' : unseen);
    }
    return showings;
  }

  async #maySee(event: StoredEvent): Promise<boolean> {
    const { isInside } = this.#access;
    // Without a place in the room's history there is no state to ask.
    if (event.stateBefore === null) return isInside;
    const state = await this.#stateAt(event.stateBefore);
    const visibility = visibilityAround(event, state.visibility);
    const joinedLater = isInside || (await this.#wasInsideAfter(event));
    if (maySeeEvent({ visibility, membership: 'leave', joinedLater })) return true;
    const own = this.#ownMembership(event);
    const memberships = await state.memberships();
    return [...memberships, ...(own === undefined ? [] : [own])].some((membership) =>
      maySeeEvent({ visibility, membership, joinedLater }),
    );
  }

  async #wasInsideAt({ stateBefore }: StoredEvent): Promise<boolean> {
    if (stateBefore === null) return false;
    const state = await this.#stateAt(stateBefore);
    return (await state.memberships()).includes('join');
  }

  /** What the event makes of a user of the asking server. */
  #ownMembership({ pdu }: StoredEvent): string | undefined {
    const target = pdu.type === 'm.room.member' ? parseUserId(pdu.state_key) : undefined;
    if (target === undefined || serverNameOf(target) !== this.#access.origin) return undefined;
    const { membership } = pdu.content;
    return typeof membership === 'string' ? membership : undefined;
  }

  async #stateAt(snapshotNid: number): Promise<StateAt> {
    const known = this.#states.get(snapshotNid);
    if (known !== undefined) return known;
    const keyNid = await this.#serving.rooms.names.stateKeys.find('m.room.history_visibility', '');
    const event = keyNid === undefined ? undefined : await this.#readEntry(snapshotNid, keyNid);
    let memberships: Promise<readonly string[]> | undefined;
    const state: StateAt = {
      visibility: historyVisibilityOf(event?.pdu.content),
      memberships: () => (memberships ??= this.#membershipsAt(snapshotNid)),
    };
    this.#states.set(snapshotNid, state);
    return state;
  }

  async #membershipsAt(snapshotNid: number): Promise<readonly string[]> {
    const keys = await (this.#userKeys ??= this.#readUserKeys());
    const eventNids: number[] = [];
    const whole =
      keys.size > USERS_LOOKED_UP_MAX
        ? await this.#serving.rooms.states.read(snapshotNid)
        : undefined;
    for (const keyNid of keys) {
      const eventNid =
        whole === undefined
          ? await readSnapshotKey(this.#reader, snapshotNid, keyNid)
          : eventAt(whole, keyNid);
      if (eventNid !== undefined) eventNids.push(eventNid);
    }
    const rows = await readEvents(this.#reader, eventNids);
    const found = new Set(
      rows.map((row) => toStoredEvent(row, this.#access.version).pdu.content['membership']),
    );
    return found.size === 0
      ? ['leave']
      : [...found].filter((membership) => typeof membership === 'string');
  }

  /** State keys of the member events of the server's users. */
  async #readUserKeys(): Promise<ReadonlySet<number>> {
    const { stateKeys } = this.#serving.rooms.names;
    const keys = new Set<number>();
    for (const { userId } of this.#access.servers.usersOf(this.#access.origin).values()) {
      const keyNid = await stateKeys.find('m.room.member', userId);
      if (keyNid !== undefined) keys.add(keyNid);
    }
    return keys;
  }

  async #wasInsideAfter({ order }: StoredEvent): Promise<boolean> {
    if (order === null) return false;
    return (await (this.#insideUntil ??= this.#readInsideUntil())) > order;
  }

  /** The position at which the last user of a former member server ceased to be joined. */
  async #readInsideUntil(): Promise<number> {
    const keys = [...(await (this.#userKeys ??= this.#readUserKeys()))].slice(-FORMER_USERS_MAX);
    let until = -Infinity;
    for (const keyNid of keys) {
      const history = await readKeyHistory(this.#reader, this.#access.roomNid, keyNid);
      let wasJoined = false;
      for (const { position, eventNid } of history) {
        if (wasJoined) until = Math.max(until, position);
        const row = eventNid === null ? undefined : await readEvent(this.#reader, eventNid);
        const pdu = row === undefined ? undefined : toStoredEvent(row, this.#access.version).pdu;
        wasJoined = pdu?.content['membership'] === 'join';
      }
    }
    return until;
  }

  async #readEntry(snapshotNid: number, keyNid: number): Promise<StoredEvent | undefined> {
    const eventNid = await readSnapshotKey(this.#reader, snapshotNid, keyNid);
    const row = eventNid === undefined ? undefined : await readEvent(this.#reader, eventNid);
    return row === undefined ? undefined : toStoredEvent(row, this.#access.version);
  }
}

/** An event that changes the visibility is seen by who may see either side of the change. */
function visibilityAround(
  { pdu }: StoredEvent,
  before: HistoryVisibility,
): AtEvent<HistoryVisibility> {
  const isChange = pdu.type === 'm.room.history_visibility' && pdu.state_key === '';
  return isChange ? { before, after: historyVisibilityOf(pdu.content) } : before;
}
