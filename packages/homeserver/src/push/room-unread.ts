import { type PushEvent, type PushOutcome, evaluatePushRules, namedUsers } from '@soma/protocol';

import type { MaybeUsers } from '../accounts/ignored-users.ts';
import { isLocalUser } from '../ephemeral/is-local-user.ts';
import type { ReadingProjection } from '../ephemeral/reading-projection.ts';
import { mayBringOthers } from '../ephemeral/room-reading.ts';
import { MAIN_TIMELINE } from '../ephemeral/thread.ts';
import { isDummyEvent } from '../rooms/dummy-event.ts';
import type { PreparedEvent } from '../rooms/prepared-event.ts';
import type { RoomHead } from '../rooms/room-head.ts';
import type {
  PastEvent,
  ProjectedEvent,
  ProjectionOutput,
  RoomProjection,
} from '../rooms/room-projection.ts';
import type { StateChange } from '../rooms/state-change.ts';
import type { InternedNames } from '../storage/names-store.ts';
import type { Reader } from '../storage/sql.ts';
import { JoinsInFlight } from './joins-in-flight.ts';
import { moveToThreadStatements } from './move-to-thread-store.ts';
import { personalNotificationStatements } from './notification-store.ts';
import { toPushEvent } from './push-event.ts';
import { readRuleSetsIn } from './push-rule-store.ts';
import { RULE_STATE_KEYS, RoomQuestion } from './room-question.ts';
import type { RuleSet, RuleSets } from './rule-sets.ts';
import { ruleSetIn } from './rule-sets.ts';
import { findIgnoring, findSingledOut } from './singled-out.ts';
import type { SingledOut } from './singled-out.ts';
import {
  correctStatements,
  countEventStatement,
  putUnreadThreadStatement,
  readLinesOfMain,
  uncountEventStatements,
} from './unread-store.ts';

/** What the unread counts of one room are kept by. */
export interface UnreadContext {
  readonly reader: Reader;
  readonly names: InternedNames;
  readonly ruleSets: RuleSets;
  readonly reading: ReadingProjection;
  readonly serverName: string;
  /** After so many leaves and changes of rules, rule sets that nobody in the room has are looked for. */
  readonly reviewAfter: number;
  /** Nids of the users who ignore a user. */
  readonly ignoring: (userId: string) => MaybeUsers | Promise<MaybeUsers>;
}

/** Why an event has to be looked at more closely. */
interface Reasons {
  /** Local users. */
  readonly joined: readonly string[];
  readonly byName: boolean;
  readonly isReviewDue: boolean;
  readonly ignoring: MaybeUsers | Promise<MaybeUsers>;
}

const NOBODY: readonly SingledOut[] = [];
const NO_USERS: readonly string[] = [];
const NOTHING: PushOutcome = { notify: false, highlight: false, actions: [] };

/**
 * Unread numbers of one room: each event is evaluated once for each rule set among the joined local members, and
 * once more for each member whom it singles out (DATA-MODEL, What people notice).
 */
export class RoomUnread implements RoomProjection {
  readonly #context: UnreadContext;
  readonly #head: RoomHead;
  readonly joins: JoinsInFlight;
  readonly #question: RoomQuestion;
  /** Every rule set of a joined local member, and maybe some that were one a while ago. */
  #present = new Map<number, RuleSet>();
  #dependsOnNames = false;
  #leftSinceReview = 0;
  /** Rule sets with numbers in the main timeline. */
  readonly #started = new Set<number>();
  // Of the event in preparation:
  #event: PushEvent | undefined;
  #singledOut = NOBODY;
  #joining: readonly RuleSet[] = [];

  constructor(context: UnreadContext, head: RoomHead, joinedCount: number) {
    this.#context = context;
    this.#head = head;
    this.joins = new JoinsInFlight(head);
    this.#question = new RoomQuestion(head, joinedCount);
  }

  /** Reads what the database knows; rule sets that are included meanwhile stay. */
  async load(): Promise<void> {
    const { reader } = this.#context;
    await this.#head.load(RULE_STATE_KEYS);
    for (const nid of await readLinesOfMain(reader, this.#head.roomNid)) this.#started.add(nid);
    await this.#includeCommitted();
  }

  /** Evaluates these as well from now on; for members whose rules change. */
  include(ruleSets: readonly RuleSet[]): void {
    this.#leftSinceReview += ruleSets.length;
    for (const ruleSet of ruleSets) {
      this.#present.set(ruleSet.nid, ruleSet);
      if (ruleSet.rules.dependsOnDisplayName) this.#dependsOnNames = true;
    }
  }

  prepare(event: PreparedEvent, stateChanges: readonly StateChange[]): Promise<void> | undefined {
    const pushEvent = toPushEvent(event.built.pdu, this.#head.roomId);
    this.#event = pushEvent;
    this.#singledOut = NOBODY;
    this.#joining = [];
    if (!this.joins.isEmpty) this.joins.settle();
    const named = namedUsers(pushEvent).filter((userId) =>
      this.#mayBeSingledOut(pushEvent, userId),
    );
    const joined = stateChanges.length === 0 ? NO_USERS : this.#joinedBy(stateChanges);
    const byName = this.#dependsOnNames && typeof pushEvent.content['body'] === 'string';
    // State is shown and told even to those who ignore its sender.
    const ignoring =
      event.stateKeyNid === null ? this.#context.ignoring(pushEvent.sender) : undefined;
    const isReviewDue = this.#leftSinceReview >= this.#context.reviewAfter && this.joins.isEmpty;
    if (
      named.length === 0 &&
      joined.length === 0 &&
      !byName &&
      !isReviewDue &&
      ignoring === undefined
    ) {
      return undefined;
    }
    if (joined.includes(pushEvent.sender)) this.joins.add(event.senderNid);
    return this.#load(event, named, { joined, byName, isReviewDue, ignoring });
  }

  project(projected: ProjectedEvent, output: ProjectionOutput): void {
    const { event, stateChanges, redacts, isRedacted } = projected;
    this.projectPast({ event }, output);
    const pushEvent = this.#event;
    if (pushEvent === undefined) throw new Error('an event was projected unprepared');
    const { roomNid } = event;
    if (redacts !== undefined && redacts.event_order !== null) {
      const { event_nid: eventNid, event_order: position } = redacts;
      output.statements.push(...uncountEventStatements(roomNid, eventNid, position));
    }
    if (!isRedacted && !isDummyEvent(pushEvent)) this.#count(pushEvent, projected, output);
    for (const change of stateChanges) this.#countMember(change);
  }

  projectPast({ event }: Pick<PastEvent, 'event'>, { statements }: ProjectionOutput): void {
    const place = this.#context.reading.threadOf(this.#head, event);
    if (!mayBringOthers(event, place)) return;
    statements.push(...moveToThreadStatements(event.roomNid, event.eventNid, place));
  }

  #count(
    pushEvent: PushEvent,
    { event, order }: Pick<ProjectedEvent, 'event' | 'order'>,
    output: ProjectionOutput,
  ): void {
    const { roomNid } = event;
    const { threadNid } = this.#context.reading.threadOf(this.#head, event);
    this.#question.sender = pushEvent.sender;
    for (const ruleSet of this.#present.values()) {
      const { notify, highlight } = evaluatePushRules(ruleSet.rules, pushEvent, this.#question);
      if (!notify) continue;
      const line = { roomNid, ruleSetNid: ruleSet.nid, threadNid };
      output.statements.push(countEventStatement(line, order, highlight));
      if (threadNid !== MAIN_TIMELINE || !this.#started.has(ruleSet.nid)) {
        output.statements.push(putUnreadThreadStatement(line, order));
        if (threadNid === MAIN_TIMELINE) this.#started.add(ruleSet.nid);
      }
    }
    for (const user of this.#singledOut) {
      this.#correct(user, pushEvent, threadNid, { event, order }, output);
    }
  }

  /** What a singled-out member gets that others with the same rules do not, or the reverse. */
  #correct(
    { userNid, userId, ruleSets, ignores }: SingledOut,
    pushEvent: PushEvent,
    threadNid: number,
    { event, order }: Pick<ProjectedEvent, 'event' | 'order'>,
    output: ProjectionOutput,
  ): void {
    const content = this.#head.get('m.room.member', userId)?.event.content;
    if (content?.['membership'] !== 'join') return;
    const { displayname: displayName } = content;
    const user = typeof displayName === 'string' ? { userId, displayName } : { userId };
    for (const { nid, rules } of ruleSets) {
      const base = this.#present.has(nid)
        ? evaluatePushRules(rules, pushEvent, this.#question)
        : NOTHING;
      const exact = ignores ? NOTHING : evaluatePushRules(rules, pushEvent, this.#question, user);
      const notifyDelta = Number(exact.notify) - Number(base.notify);
      const highlightDelta = Number(exact.highlight) - Number(base.highlight);
      if (notifyDelta > 0 || highlightDelta > 0) {
        const isHighlight = exact.highlight;
        output.statements.push(
          ...personalNotificationStatements(userNid, event.roomNid, order, isHighlight),
        );
      }
      if (notifyDelta === 0 && highlightDelta === 0) continue;
      const line = { roomNid: event.roomNid, ruleSetNid: nid, threadNid };
      output.statements.push(
        ...correctStatements(userNid, { ...line, notifyDelta, highlightDelta }, order),
      );
    }
  }

  #countMember({ type, stateKey: target, before, after }: StateChange): void {
    if (type !== 'm.room.member') return;
    const isJoined = after?.event.content['membership'] === 'join';
    const wasJoined = before?.event.content['membership'] === 'join';
    this.#question.memberCount += Number(isJoined) - Number(wasJoined);
    if (!isLocalUser(target, this.#context.serverName)) return;
    if (isJoined) this.include(this.#joining);
    else this.#leftSinceReview += 1;
  }

  /** The local users who are in the room by these changes. */
  #joinedBy(stateChanges: readonly StateChange[]): string[] {
    return stateChanges
      .filter(
        ({ type, stateKey, after }) =>
          type === 'm.room.member' &&
          after?.event.content['membership'] === 'join' &&
          isLocalUser(stateKey, this.#context.serverName),
      )
      .map(({ stateKey }) => stateKey);
  }

  #isLocalMember({ type, state_key: target }: PushEvent): boolean {
    if (type !== 'm.room.member' || target === undefined) return false;
    return isLocalUser(target, this.#context.serverName);
  }

  /** Only local members who are in the room after the event; its sender is never notified. */
  #mayBeSingledOut(event: PushEvent, userId: string): boolean {
    if (userId === event.sender || !isLocalUser(userId, this.#context.serverName)) return false;
    return !(event.state_key === userId && this.#isLocalMember(event));
  }

  async #load(event: PreparedEvent, named: readonly string[], is: Reasons): Promise<void> {
    const { roomNid } = this.#head;
    if (is.isReviewDue) await this.#review();
    if (is.joined.length > 0) this.#joining = await this.#rulesOfJoined(event, is.joined);
    const ignoring = await is.ignoring;
    if (named.length > 0 || is.byName || ignoring !== undefined) {
      const nameDependent = is.byName
        ? [...this.#present.values()].filter(({ rules }) => rules.dependsOnDisplayName)
        : [];
      const { sender } = event.built.pdu;
      const singledOut = await findSingledOut(this.#context, roomNid, named, nameDependent, [
        ...this.joins.userNids(),
      ]);
      this.#singledOut = [
        ...singledOut.filter(
          ({ userId, userNid }) => userId !== sender && ignoring?.has(userNid) !== true,
        ),
        ...(ignoring === undefined ? [] : await findIgnoring(this.#context, roomNid, ignoring)),
      ];
      await this.#head.load(this.#singledOut.map(({ userId }) => ['m.room.member', userId]));
    }
  }

  /** The rules of those who join. */
  async #rulesOfJoined(event: PreparedEvent, joined: readonly string[]): Promise<RuleSet[]> {
    const { ruleSets, names } = this.#context;
    const all: RuleSet[] = [];
    for (const userId of joined) {
      const isSender = userId === event.built.pdu.sender;
      const userNid = isSender ? event.senderNid : await names.users.intern(userId);
      if (!isSender) this.joins.add(userNid);
      all.push(...(await ruleSets.of(userNid, this.#head.roomNid)));
    }
    return all;
  }

  /** Forgets the rule sets that nobody in the room has any more. */
  async #review(): Promise<void> {
    this.#present = new Map();
    this.#dependsOnNames = false;
    await this.#includeCommitted();
    this.#leftSinceReview = 0;
  }

  async #includeCommitted(): Promise<void> {
    const { ruleSets, reader } = this.#context;
    const { roomNid } = this.#head;
    // Asked before the read: a change that is committed by then is read, any other is under way now.
    const next = [...ruleSets.changing.values()].map((sets) => ruleSetIn(sets, roomNid));
    const committed = await readRuleSetsIn(reader, roomNid);
    this.include(await ruleSets.getAll(new Set([...committed, ...next])));
  }
}
