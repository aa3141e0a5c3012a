import assert from 'node:assert/strict';
import { setImmediate as turn } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';

import { type JsonObject, type PushRuleChanges, isJsonObject } from '@soma/protocol';

import { sendReceipt } from '../ephemeral/send-receipt.ts';
import { MatrixError } from '../errors/matrix-error.ts';
import { buildEvent } from '../rooms/build-event.ts';
import { placeOnHead } from '../rooms/event-place.ts';
import { EventFlag, timelineQueries } from '../rooms/event-store.ts';
import { internEventIds } from '../rooms/intern-event-ids.ts';
import { writeToRoom } from '../rooms/room-write.ts';
import { changePushRules, readPushRuleChanges } from './change-push-rules.ts';
import type { PushRuleEdit } from './change-push-rules.ts';
import { naiveCounts } from './naive-counts-under-test.ts';
import type { Past, PastEvent } from './naive-counts-under-test.ts';
import { edit, toggle, typeOf } from './random-steps-under-test.ts';
import type { Step } from './random-steps-under-test.ts';
import type { RoomsUnderTest } from './rooms-under-test.ts';

const USERS = 5;
/** Everybody may do everything but change these. */
const OPEN_LEVELS = { state_default: 0, redact: 0, invite: 0, kick: 0 };
const EVENTS_MAX = 100_000;
const PAIR_TURNS = 5;

interface PastReceipt {
  readonly userId: string;
  readonly roomId: string;
  readonly eventId: string;
  readonly threadId: string | undefined;
}

/** Users and rooms with a history that is kept twice: by the server, and as a list of what happened. */
export class UnreadWorld {
  readonly #server: RoomsUnderTest;
  readonly users: readonly string[];
  readonly roomIds: string[] = [];
  /** IDs of all events that the steps made, by room. */
  readonly #eventIds: string[][] = [];
  readonly #rules = new Map<string, { position: number; changes: PushRuleChanges }[]>();
  readonly #receipts: PastReceipt[] = [];
  /** What goes on after its step. */
  readonly #running: Promise<void>[] = [];

  constructor(server: RoomsUnderTest, name: string) {
    this.#server = server;
    this.users = Array.from({ length: USERS }, (_, index) => `@${name}-${index}:example.org`);
  }

  /** Two rooms of the first user; the second user is in both, in the second one the third is too. */
  async begin(): Promise<void> {
    for (const extra of [[], [2]]) {
      const roomId = await this.#server.createRoom(this.#user(0), OPEN_LEVELS);
      this.roomIds.push(roomId);
      this.#eventIds.push([]);
      for (const index of [1, ...extra]) {
        const userId = this.#user(index);
        await this.#server.member(roomId, userId, 'join', userId, { displayname: 'cake' });
      }
    }
  }

  /** Does the step, some turns of the event loop later; what the rules of the room forbid is left out. */
  async take(step: Step, turns = 0): Promise<void> {
    for (let left = turns; left > 0; left -= 1) await turn();
    try {
      await this.#take(step);
    } catch (error) {
      if (!(error instanceof MatrixError)) throw error;
    }
  }

  /** Compares the counts of every member of every room. */
  async check(): Promise<void> {
    await Promise.all(this.#running.splice(0));
    const pasts = await Promise.all(this.roomIds.map((roomId) => this.#pastOf(roomId)));
    for (const userId of this.users) {
      const counts = await this.#server.unread(userId, this.roomIds);
      for (const [index, past] of pasts.entries()) {
        const roomId = this.roomIds[index] ?? '';
        if (!isMember(past.events, userId)) continue;
        const expected = naiveCounts(
          {
            ...past,
            rules: this.#rules.get(userId) ?? [],
            receipts: this.#receipts.filter(
              (receipt) => receipt.userId === userId && receipt.roomId === roomId,
            ),
          },
          userId,
        );
        const { total, main, threads } = counts.get(roomId) ?? {};
        assert.deepEqual({ total, main, threads }, expected, `${userId} in ${roomId}`);
      }
    }
  }

  async #take(step: Step): Promise<void> {
    const { kind, room } = step;
    const userId = this.#user(step.user);
    const other = this.#user(step.other);
    const roomId = this.roomIds[room] ?? '';
    const eventId = this.#event(room, step.pick);
    const elsewhere = this.roomIds[1 - room] ?? '';
    switch (kind) {
      case 'join':
      case 'leave':
        return this.#server.member(roomId, userId, kind);
      case 'kick':
      case 'invite':
        return this.#server.member(roomId, userId, kind, other);
      case 'profile':
        return this.#server.member(roomId, userId, 'join', userId, {
          displayname: step.pick % 2 === 0 ? 'cake' : 'bread',
        });
      case 'forgetHead':
        return this.#server.forgetHead(roomId);
      case 'rules':
        return this.#changeRules(userId, step, (changes) =>
          edit(changes, step.pick, { roomId, elsewhere, user: other }),
        );
      case 'toggle':
        return this.#changeRules(userId, step, (changes) => toggle(changes, step.pick, roomId));
      case 'receipt':
        return this.#sendReceipt(step, { userId, roomId, eventId, threadId: undefined });
      case 'mainReceipt':
        return this.#sendReceipt(step, { userId, roomId, eventId, threadId: 'main' });
      case 'threadReceipt':
        return this.#sendReceipt(step, {
          userId,
          roomId,
          eventId,
          threadId: this.#event(room, step.other),
        });
      case 'unknownReceipt':
        return this.#unknownReceipt(step, userId, roomId);
      case 'late':
        return this.#comeLate(step, userId, roomId);
      case 'pair':
        return this.#sendPair(step, userId, roomId);
      case 'state':
        await this.#server.send(roomId, userId, this.#content(step, other), typeOf(step), '');
        return;
      case 'levels': {
        const content = this.#content(step, other);
        await this.#server.send(roomId, this.#user(0), content, typeOf(step), '');
        return;
      }
      case 'redact': {
        this.#eventIds[room]?.push(await this.#server.redact(roomId, userId, eventId));
        return;
      }
      default:
        this.#eventIds[room]?.push(
          await this.#server.send(roomId, userId, this.#content(step, other), typeOf(step)),
        );
    }
  }

  #content({ kind, pick, room }: Step, other: string): JsonObject {
    const body = pick % 3 === 0 ? 'some cake 7' : 'hello';
    const mentions = pick % 2 === 0 ? { 'm.mentions': { user_ids: [other] } } : {};
    const relation = (type: string): JsonObject => ({
      'm.relates_to': { rel_type: type, event_id: this.#event(room, pick), key: '+' },
    });
    switch (kind) {
      case 'mention':
        return { body, 'm.mentions': { user_ids: [other, '@nobody:example.org'] } };
      case 'roomMention':
        return { body, 'm.mentions': { room: true } };
      case 'thread':
        return { body, ...mentions, ...relation('m.thread') };
      case 'reaction':
        return relation('m.annotation');
      case 'edit':
        return { body, ...mentions, ...relation('m.replace') };
      case 'notice':
        return { body, msgtype: 'm.notice', ...mentions, ...relation('m.reference') };
      case 'state':
        return { topic: body };
      case 'levels':
        return { ...OPEN_LEVELS, notifications: { room: pick % 2 === 0 ? 0 : 50 } };
      default:
        return { body };
    }
  }

  /** Two events in one change, with time between them. */
  async #sendPair(step: Step, sender: string, roomId: string): Promise<void> {
    const content = this.#content({ ...step, kind: 'mention' }, this.#user(step.other));
    const roomNid = await this.#server.roomNid(roomId);
    await writeToRoom(this.#server.push.rooms, roomNid, async (write) => {
      await write.append({ type: 'm.room.message', sender, content });
      for (let left = 0; left < PAIR_TURNS; left += 1) await turn();
      await write.append({ type: 'm.room.message', sender, content });
    });
  }

  /** What relates to an event comes before it, and what relates to that, with others of a thread between them. */
  async #comeLate(step: Step, sender: string, roomId: string): Promise<void> {
    const { rooms } = this.#server.push;
    const roomNid = await this.#server.roomNid(roomId);
    const rootId = this.#event(step.room, step.pick);
    const relating = (type: string, parentId: string): JsonObject => ({
      ...this.#content({ ...step, kind: 'mention' }, this.#user(step.other)),
      'm.relates_to': { rel_type: type, event_id: parentId },
    });
    const content = relating(step.pick % 3 === 0 ? 'm.reference' : 'm.thread', rootId);
    const first = await writeToRoom(rooms, roomNid, (write) =>
      buildEvent(rooms, write.head, { type: 'm.room.message', sender, content }),
    );
    const line: string[] = [first.value.built.eventId];
    for (let hop = 0; hop <= step.pick % 4; hop += 1) {
      const author = this.#user(step.user + hop);
      const follower = relating('m.reference', line.at(-1) ?? '');
      line.push(await this.#server.send(roomId, author, follower));
      if (hop % 2 === 0) await this.#server.send(roomId, sender, relating('m.thread', rootId));
    }
    const nids = await internEventIds(rooms, line);
    const eventNid = nids.get(first.value.built.eventId) ?? 0;
    const event = { ...first.value, eventNid, isAwaited: true };
    await writeToRoom(rooms, roomNid, async (write) => {
      await write.head.load([
        ['m.room.member', sender],
        ['m.room.join_rules', ''],
      ]);
      write.authorise(event);
      const place = placeOnHead(write.head, event, undefined, rooms.database.snapshotKey);
      await write.take({ event, verdict: { kind: 'accepted' }, place, known: 'id' });
    });
    this.#eventIds[step.room]?.push(...line);
  }

  async #sendReceipt({ isPrivate }: Step, receipt: PastReceipt): Promise<void> {
    const type = isPrivate ? 'm.read.private' : 'm.read';
    const userNid = await this.#server.userNid(receipt.userId);
    await sendReceipt(this.#server.ephemeral, { ...receipt, userNid, type });
    this.#receipts.push(receipt);
  }

  /** The receipt comes before the event that it is for: long before, or while the event is being written. */
  async #unknownReceipt(step: Step, userId: string, roomId: string): Promise<void> {
    const { rooms } = this.#server.push;
    const sender = this.#user(step.other);
    const roomNid = await this.#server.roomNid(roomId);
    const content = this.#content({ ...step, kind: 'message' }, sender);
    const draft = { type: 'm.room.message', sender, content };
    const early = await writeToRoom(rooms, roomNid, async (write) => {
      const event = await buildEvent(rooms, write.head, draft);
      if (step.pick % 4 > 0) return event;
      this.#running.push(this.#receiptFor(step, userId, roomId, event.built.eventId));
      await write.appendBuilt(event);
      this.#eventIds[step.room]?.push(event.built.eventId);
      return undefined;
    });
    const event = early.value;
    if (event === undefined) return;
    await this.#receiptFor(step, userId, roomId, event.built.eventId);
    if (step.pick % 3 === 0) await this.#server.forgetHead(roomId);
    await writeToRoom(rooms, roomNid, async (write) => {
      await write.head.load([
        ['m.room.member', sender],
        ['m.room.join_rules', ''],
      ]);
      await write.appendBuilt(event);
    });
    this.#eventIds[step.room]?.push(event.built.eventId);
  }

  async #receiptFor(step: Step, userId: string, roomId: string, eventId: string): Promise<void> {
    const threadId = step.pick % 2 === 0 ? 'main' : undefined;
    try {
      await this.#sendReceipt(step, { userId, roomId, eventId, threadId });
    } catch (error) {
      if (!(error instanceof MatrixError)) throw error;
    }
  }

  async #changeRules(userId: string, { pick }: Step, change: PushRuleEdit): Promise<void> {
    const userNid = await this.#server.userNid(userId);
    let changed: PushRuleChanges | undefined;
    const position = await changePushRules(this.#server.push, userNid, (changes) => {
      const edited = change(changes);
      if (edited.ok) ({ changes: changed } = edited);
      return edited;
    });
    if (changed === undefined || position === 0) return;
    const rules = [...(this.#rules.get(userId) ?? []), { position, changes: changed }];
    this.#rules.set(
      userId,
      rules.sort((one, other) => one.position - other.position),
    );
    if (pick % 5 > 0) return;
    const stored = await readPushRuleChanges(this.#server.database.reader, userNid);
    assert.ok(this.#rules.get(userId)?.some((rule) => isDeepStrictEqual(rule.changes, stored)));
  }

  async #pastOf(roomId: string): Promise<Pick<Past, 'events' | 'version'>> {
    const roomNid = await this.#server.roomNid(roomId);
    const { heads, database } = this.#server.push.rooms;
    const rows = await database.reader.all(
      timelineQueries.newest,
      roomNid,
      0,
      Number.MAX_SAFE_INTEGER,
      EVENTS_MAX,
    );
    const events = rows.toReversed().map((row): PastEvent => {
      const pdu: unknown = JSON.parse(row.json);
      if (!isJsonObject(pdu)) throw new Error('an event is no object');
      const { type, sender, content, state_key: stateKey } = pdu;
      if (typeof type !== 'string' || typeof sender !== 'string') throw new Error('no event');
      return {
        eventId: row.event_id,
        order: row.event_order ?? 0,
        isRedacted: (row.flags & EventFlag.redacted) !== 0,
        type,
        sender,
        room_id: roomId,
        content: isJsonObject(content) ? content : {},
        ...(typeof stateKey === 'string' ? { state_key: stateKey } : {}),
      };
    });
    const version = await heads.run(roomNid, async (head) => head?.version);
    if (version === undefined) throw new Error('the room is not known');
    return { events, version };
  }

  #user(index: number): string {
    return this.users[index % this.users.length] ?? '';
  }

  #event(room: number, index: number): string {
    const ids = this.#eventIds[room] ?? [];
    return ids[index % ids.length] ?? '$none';
  }
}

function isMember(events: readonly PastEvent[], userId: string): boolean {
  const last = events.findLast(
    (event) => event.type === 'm.room.member' && event.state_key === userId,
  );
  return last?.content['membership'] === 'join';
}
