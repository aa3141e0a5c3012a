import { EVENT_BYTES_MAX, authorise, exceedsBytes, powerLevels } from '@soma/protocol';
import type { Pdu } from '@soma/protocol';

import { badJson, forbidden, notFound, tooLarge } from '../errors/matrix-error.ts';
import { PREDECESSOR } from '../storage/change.ts';
import type { Guard, Submitted } from '../storage/change.ts';
import { ChangeRefused } from '../storage/database.ts';
import type { Statement } from '../storage/sql.ts';
import { buildEvent } from './build-event.ts';
import type { EventDraft } from './build-event.ts';
import { placeOnHead } from './event-place.ts';
import type { EventPlace } from './event-place.ts';
import { readEvent, readEventNid } from './event-store.ts';
import type { EventRow } from './event-store.ts';
import { placeOnSomeEnds } from './inbound/place-on-some-ends.ts';
import { emptyRoomChange, persistEvent, toChange } from './persist-event.ts';
import type { EventToPersist } from './persist-event.ts';
import { loadPolicy, mayNeedPolicy, policyServerFor } from './policy/policy-server.ts';
import type { PreparedEvent } from './prepared-event.ts';
import { checkRelation } from './relations/check-relation.ts';
import type { RoomHead } from './room-head.ts';
import type { Rooms } from './rooms.ts';
import { NO_STATE_CHANGES } from './state-change.ts';

/** After so many falls of the change before ours something is wrong that waiting does not mend. */
const ATTEMPTS_MAX = 5;

/** Events being added to a room: all in one change, unless the room has more ends than an event may name. */
export class RoomWrite {
  readonly head: RoomHead;
  readonly #rooms: Rooms;
  #change = emptyRoomChange();

  constructor(rooms: Rooms, head: RoomHead) {
    this.#rooms = rooms;
    this.head = head;
  }

  /** True once the head holds what only this change will make durable. */
  get isDirty(): boolean {
    return this.#change.statements.length > 0;
  }

  /**
   * Builds the event on the head, checks it against the auth rules and takes it into the change.
   * Throws `403 M_FORBIDDEN`, or what {@link buildEvent} and {@link checkRelation} throw.
   */
  async append(draft: EventDraft): Promise<PreparedEvent> {
    const event = await buildEvent(this.#rooms, this.head, draft);
    const guard = await checkRelation(this.#rooms.database.reader, event);
    const redacts =
      draft.type === 'm.room.redaction'
        ? await findRedacted(this.#rooms, this.head, draft.sender, draft.redacts)
        : undefined;
    await this.appendBuilt(event, redacts);
    if (guard !== undefined) this.guard(guard);
    return event;
  }

  /** Takes in an event that was built on this head. Throws `403 M_FORBIDDEN`, or what the room's policy server says. */
  async appendBuilt(built: PreparedEvent, redacts?: EventRow): Promise<void> {
    const { head } = this;
    this.authorise(built);
    const loading = loadPolicy(head);
    if (loading !== undefined) await loading;
    const event = mayNeedPolicy(head, built.built.pdu) ? await this.recommended(built) : built;
    const place =
      event.prevEventNids.length === head.extremities.length
        ? await this.#placeOnHead(event)
        : await this.#placeOnSome(event);
    await this.#prepare(event, place);
    persistEvent(head, { event, verdict: { kind: 'accepted' }, place, redacts }, this.#change);
  }

  /** Checks an event that was built on this head against the auth rules. Throws `403 M_FORBIDDEN`, `400 M_BAD_JSON`. */
  authorise({ built: { pdu, eventId } }: PreparedEvent): void {
    const { head } = this;
    const state = { get: (type: string, key: string) => head.get(type, key)?.event };
    const verdict = authorise({ ...pdu, eventId }, state, head.version, {
      verify: this.#rooms.verify,
    });
    if (verdict.allowed) return;
    throw verdict.malformed === true ? badJson(verdict.reason) : forbidden(verdict.reason);
  }

  /**
   * The event with the signature of the policy server that the room uses, if it uses one. The room waits meanwhile, so that
   * its events keep their order. Throws what `PolicyServers` throws, and `413 M_TOO_LARGE`.
   */
  async recommended(event: PreparedEvent): Promise<PreparedEvent> {
    const { policyServers, database } = this.#rooms;
    const { head } = this;
    const server = await policyServerFor(database.reader, head, event.built.pdu);
    if (policyServers === undefined || server === undefined) return event;
    const given = typeof event.json === 'string' ? event.json : event.json.text;
    const json = await policyServers.sign(given, head.version, server);
    if (!exceedsBytes(json, EVENT_BYTES_MAX)) return { ...event, json };
    throw tooLarge('The event is too large for the signature of the policy server');
  }

  /** Takes in an event that was checked and has its place, for whatever it was accepted. */
  async take(toPersist: EventToPersist): Promise<void> {
    const { event, place, verdict } = toPersist;
    if (verdict.kind === 'accepted') await this.#prepare(event, place);
    persistEvent(this.head, toPersist, this.#change);
  }

  async #placeOnHead(event: PreparedEvent): Promise<EventPlace> {
    const { snapshotNids, database } = this.#rooms;
    const snapshotNid = event.stateKeyNid === null ? undefined : await snapshotNids.next();
    return placeOnHead(this.head, event, snapshotNid, database.snapshotKey);
  }

  /** The room has more ends than an event may name. Throws `403 M_FORBIDDEN`. */
  async #placeOnSome(event: PreparedEvent): Promise<EventPlace> {
    // The states of the ends are read where they are stored, so what came before it is committed first.
    if (this.isDirty) {
      const outcome = await this.submit().done;
      if (outcome.outcome === 'refused') throw new ChangeRefused(outcome.guard);
      this.#change = emptyRoomChange();
    } else if (!(await isApplied(this.head.lastChange))) {
      throw new ChangeRefused(PREDECESSOR);
    }
    return placeOnSomeEnds(this.#rooms, this.head, event);
  }

  async #prepare(event: PreparedEvent, place: EventPlace): Promise<void> {
    const stateChanges = place.end?.state?.changes ?? NO_STATE_CHANGES;
    for (const projection of this.head.projections) {
      const loading = projection.prepare(event, stateChanges);
      if (loading !== undefined) await loading;
    }
  }

  /** Adds what belongs to the same change as the events. */
  add(...statements: readonly Statement[]): void {
    this.#change.statements.push(...statements);
  }

  /** A condition under which alone the change is applied. */
  guard(guard: Guard): void {
    this.#change.guards.push(guard);
  }

  submit(): Submitted {
    const { head } = this;
    const submitted = this.#rooms.database.submit(toChange(this.#change, head));
    head.lastChange = submitted;
    head.changesInFlight += 1;
    submitted.done.then(
      (outcome) => this.#settled(outcome.outcome === 'applied'),
      () => this.#settled(false),
    );
    return submitted;
  }

  #settled(applied: boolean): void {
    this.head.changesInFlight -= 1;
    if (applied) this.#rooms.forked.committed(this.head);
    else this.#rooms.heads.drop(this.head);
  }
}

/** What a write to a room led to; `position` is 0 when nothing had to be written. */
export interface Written<T> {
  readonly value: T;
  readonly position: number;
}

/**
 * Runs `body` in the room's queue and commits what it appends. `body` may run again: when the change that its
 * events build on could not be committed. Throws `ChangeRefused` where a guard of its own does not hold.
 *
 * `noHead` answers for a room whose state this server does not hold.
 */
export async function writeToRoom<T>(
  rooms: Rooms,
  roomNid: number,
  body: (write: RoomWrite) => Promise<T>,
  noHead: () => Error = () => forbidden('You are not in this room'),
): Promise<Written<T>> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await writeOnce(rooms, roomNid, body, noHead);
    } catch (error) {
      const mayPass = error instanceof ChangeRefused && error.guard === PREDECESSOR;
      if (!mayPass || attempt >= ATTEMPTS_MAX) throw error;
    }
  }
}

async function writeOnce<T>(
  rooms: Rooms,
  roomNid: number,
  body: (write: RoomWrite) => Promise<T>,
  noHead: () => Error,
): Promise<Written<T>> {
  const { value, submitted, before } = await rooms.heads.run(roomNid, async (head) => {
    if (head === undefined) throw noHead();
    const { lastChange } = head;
    return { ...(await runBody(rooms, head, body)), before: lastChange };
  });
  if (submitted === undefined) {
    // What wrote nothing answers with what is so already. That may stand in a change which is not committed yet, and then
    // falls with it: an answer must not name an event that is lost in a crash.
    if (!(await isApplied(before))) throw new ChangeRefused(PREDECESSOR);
    return { value, position: 0 };
  }
  const outcome = await submitted.done;
  if (outcome.outcome === 'refused') throw new ChangeRefused(outcome.guard);
  return { value, position: outcome.position };
}

/** Whether a change of the room before this one, if there is any, came to be committed. */
async function isApplied(change: Submitted | undefined): Promise<boolean> {
  if (change === undefined) return true;
  try {
    return (await change.done).outcome === 'applied';
  } catch {
    return false;
  }
}

/** Runs `body` on a head; what it had taken into the head goes with the head when it throws. */
export async function runBody<T>(
  rooms: Rooms,
  head: RoomHead,
  body: (write: RoomWrite) => Promise<T>,
): Promise<{ value: T; submitted: Submitted | undefined }> {
  const write = new RoomWrite(rooms, head);
  try {
    const value = await body(write);
    return { value, submitted: write.isDirty ? write.submit() : undefined };
  } catch (error) {
    if (write.isDirty) rooms.heads.drop(head);
    throw error;
  }
}

/**
 * The event that a redaction takes its content from. The auth rules let any redaction pass; one that would change
 * nothing is refused here. Throws `404 M_NOT_FOUND`, `403 M_FORBIDDEN`.
 */
async function findRedacted(
  rooms: Rooms,
  head: RoomHead,
  redactor: string,
  redacted: string | undefined,
): Promise<EventRow | undefined> {
  if (redacted === undefined) return undefined;
  const { reader } = rooms.database;
  const eventNid = await readEventNid(reader, redacted);
  const target = eventNid === undefined ? undefined : await readEvent(reader, eventNid);
  if (target === undefined || target.room_nid !== head.roomNid) {
    throw notFound('There is no such event in this room');
  }
  const create = head.get('m.room.create', '')?.event;
  const levels = powerLevels(
    head.get('m.room.power_levels', '')?.event.content,
    create,
    head.version,
  );
  const { sender, type, state_key: stateKey }: Pdu = JSON.parse(target.json);
  if (stateKey !== undefined) await head.load([[type, stateKey]]);
  // Other servers take any redaction from the domain of the sender: only this one can hold its users apart.
  if (sender !== redactor && levels.userLevel(redactor) < levels.redact) {
    throw forbidden('You may not redact what others have sent');
  }
  return target;
}
