import { evaluatePushRules } from '@soma/protocol';
import type { PushEvent, PushOutcome, PushRoom } from '@soma/protocol';

import { readReadPositions } from '../../ephemeral/read-position-store.ts';
import { readMembershipsChanged } from '../../membership/membership-store.ts';
import { EventFlag, HIDDEN_FLAGS, timelineQueries } from '../../rooms/event-store.ts';
import type { EventRow } from '../../rooms/event-store.ts';
import { ChangeKind } from '../../storage/change.ts';
import type { Reader, Statement } from '../../storage/sql.ts';
import { readChanges } from '../../streams/cursor-store.ts';
import type { FollowedIndex } from '../../streams/log-follower.ts';
import { isRead } from '../is-read.ts';
import { readThreadsOfEvents } from '../notification-store.ts';
import { openQuestion } from '../open-question.ts';
import { toPushEvent } from '../push-event.ts';
import {
  queueBadgeStatements,
  queuePushStatement,
  readListeningPushers,
  readPushedMembers,
  readPushedReaders,
} from './push-queue-store.ts';
import type { PushedMember } from './push-queue-store.ts';
import { readPushedEvent } from './pushed-event.ts';
import { hastenPusherStatement } from './pusher-store.ts';
import type { Pushers } from './pushers.ts';

const CHANGES_AT_ONCE = 200;
const EVENTS_AT_ONCE = 500;
/** A push is awaited by somebody. */
const REST_MS = 50;

/** A stretch of the log in one room. */
interface Stretch {
  readonly roomNid: number;
  readonly above: number;
  readonly upTo: number;
}

/** Follows the log for pushers: what each is to be told is queued in the change that moves the cursor. */
export function pushIndex(
  pushers: Pushers,
  mailDelayMs: number,
  onQueued: () => void,
): FollowedIndex {
  const queue = new PushQueue(pushers, mailDelayMs);
  return {
    name: 'push',
    restMs: REST_MS,
    isIdle: () => pushers.owners.size === 0,
    stepped: onQueued,
    read: async (reader, above, position) => {
      const read = (kinds: readonly ChangeKind[], upTo: number) =>
        readChanges(reader, kinds, above, upTo, CHANGES_AT_ONCE);
      const members = await read([ChangeKind.membership], position);
      const { subjects, upTo } = await read([ChangeKind.room, ChangeKind.receipt], members.upTo);
      const statements: Statement[] = [];
      for (const roomNid of subjects) {
        statements.push(...(await queue.ofRoom(reader, { roomNid, above, upTo })));
      }
      const invited = [...members.subjects].filter((userNid) => pushers.owners.has(userNid));
      for (const userNid of invited) {
        statements.push(...(await queue.ofInvitations(reader, userNid, above, upTo)));
      }
      return { statements, upTo };
    },
  };
}

/** A room of which nothing is known but the invitation to it. */
const UNKNOWN_ROOM: PushRoom = {
  memberCount: 0,
  senderPower: () => 0,
  notificationLevel: () => 50,
};

class PushQueue {
  readonly #pushers: Pushers;
  readonly #mailDelayMs: number;

  constructor(pushers: Pushers, mailDelayMs: number) {
    this.#pushers = pushers;
    this.#mailDelayMs = mailDelayMs;
  }

  async ofRoom(reader: Reader, stretch: Stretch): Promise<Statement[]> {
    const { roomNid, above, upTo } = stretch;
    const readers = new Set(await readPushedReaders(reader, roomNid, above, upTo));
    const members = await readPushedMembers(reader, roomNid);
    const statements: Statement[] = [];
    if (members.length > 0) {
      for (let order = above; ;) {
        const rows = await reader.all(timelineQueries.oldest, roomNid, order, upTo, EVENTS_AT_ONCE);
        statements.push(...(await this.#ofEvents(reader, roomNid, rows, members)));
        for (const row of rows) readers.add(row.sender_nid);
        if (rows.length < EVENTS_AT_ONCE) break;
        order = rows.at(-1)?.event_order ?? upTo;
      }
    }
    for (const userNid of readers) {
      if (this.#pushers.owners.has(userNid)) {
        statements.push(...(await this.#badgesOf(reader, userNid, upTo)));
      }
    }
    return statements;
  }

  /** Invitations have no place in the timeline of who is invited, and may be to rooms that the server is not in. */
  async ofInvitations(
    reader: Reader,
    userNid: number,
    above: number,
    upTo: number,
  ): Promise<Statement[]> {
    const changed = await readMembershipsChanged(reader, [userNid], above);
    const statements: Statement[] = [];
    for (const { membership, roomNid, eventNid, position } of changed) {
      if (position > upTo) continue;
      if (membership === 'invite') {
        const row = await readPushedEvent(reader, eventNid);
        if (row === undefined) continue;
        const event = toPushEvent(JSON.parse(row.json), await this.#roomId(roomNid));
        const outcome = await this.#outcomeFor(event, UNKNOWN_ROOM, roomNid, { userNid });
        const place = { eventNid, roomNid, position };
        statements.push(...(await this.#queue(reader, userNid, place, outcome)));
      }
      statements.push(...(await this.#badgesOf(reader, userNid, position)));
    }
    return statements;
  }

  async #ofEvents(
    reader: Reader,
    roomNid: number,
    rows: readonly EventRow[],
    members: readonly PushedMember[],
  ): Promise<Statement[]> {
    const shown = rows.filter(({ flags }) => (flags & (HIDDEN_FLAGS | EventFlag.redacted)) === 0);
    if (shown.length === 0) return [];
    const { questionOf } = await openQuestion(this.#pushers.pushRules.rooms, reader, roomNid);
    const roomId = await this.#roomId(roomNid);
    const eventNids = shown.map((row) => row.event_nid);
    const threads = await readThreadsOfEvents(reader, eventNids);
    const statements: Statement[] = [];
    for (const member of members) {
      const { userNid } = member;
      const read = (await readReadPositions(reader, userNid, [roomNid])).get(roomNid);
      for (const { json, event_nid: eventNid, event_order: order, sender_nid: sender } of shown) {
        const isOld = isRead(order, threads.get(eventNid) ?? 0, read);
        if (order === null || sender === userNid || read === undefined || isOld) continue;
        const event = toPushEvent(JSON.parse(json), roomId);
        const outcome = await this.#outcomeFor(event, questionOf(event), roomNid, member);
        const place = { eventNid, roomNid, position: order };
        statements.push(...(await this.#queue(reader, userNid, place, outcome)));
      }
    }
    return statements;
  }

  async #outcomeFor(
    event: PushEvent,
    room: PushRoom,
    roomNid: number,
    { userNid, displayName }: Pick<PushedMember, 'userNid'> & Partial<PushedMember>,
  ): Promise<PushOutcome> {
    const { rooms, ruleSets } = this.#pushers.pushRules;
    const userId = await rooms.names.users.text(userNid);
    // State is shown and told even to those who ignore its sender.
    const isIgnored =
      event.state_key === undefined && (await rooms.ignoredBy(userNid)).has(event.sender);
    const [ruleSet] = await ruleSets.of(userNid, roomNid);
    if (isIgnored || ruleSet === undefined) return { notify: false, highlight: false, actions: [] };
    const user = displayName === undefined ? { userId } : { userId, displayName };
    return evaluatePushRules(ruleSet.rules, event, room, user);
  }

  async #queue(
    reader: Reader,
    userNid: number,
    place: { readonly eventNid: number; readonly roomNid: number; readonly position: number },
    { notify, actions }: PushOutcome,
  ): Promise<Statement[]> {
    if (!notify) return [];
    const statements: Statement[] = [];
    const queuedTs = this.#pushers.now();
    for (const pusher of await readListeningPushers(reader, userNid)) {
      if (place.position <= pusher.fromPosition) continue;
      statements.push(queuePushStatement(pusher.pusherNid, { ...place, actions, queuedTs }));
      if (pusher.kind === 'email') {
        statements.push(hastenPusherStatement(pusher.pusherNid, queuedTs + this.#mailDelayMs));
      }
    }
    return statements;
  }

  async #badgesOf(reader: Reader, userNid: number, position: number): Promise<Statement[]> {
    const pushers = await readListeningPushers(reader, userNid);
    return pushers
      .filter(({ kind, fromPosition }) => kind === 'http' && position > fromPosition)
      .flatMap(({ pusherNid }) => queueBadgeStatements(pusherNid, position, this.#pushers.now()));
  }

  #roomId(roomNid: number): Promise<string> {
    return this.#pushers.pushRules.rooms.names.rooms.text(roomNid);
  }
}
