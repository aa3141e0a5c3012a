import { parseUserId, serverNameOf } from '@soma/protocol';

import { RECOMMENDED_PREJOIN_STATE } from '../config/config.ts';
import type { PrejoinState, StateEntry } from '../config/config.ts';
import type { HeadEntry } from '../rooms/head-entry.ts';
import type { ImportedState, ProjectImport } from '../rooms/imported-state.ts';
import { loadPrejoinState } from '../rooms/prejoin-state.ts';
import type { PreparedEvent } from '../rooms/prepared-event.ts';
import type { Projection } from '../rooms/projection.ts';
import type { RoomHead } from '../rooms/room-head.ts';
import type { ProjectedEvent, ProjectionOutput, RoomProjection } from '../rooms/room-projection.ts';
import type { StateChange } from '../rooms/state-change.ts';
import { ChangeKind } from '../storage/change.ts';
import type { Names } from '../storage/names-store.ts';
import type { PositionRef, Reader } from '../storage/sql.ts';
import { importMembers } from './import-members.ts';
import {
  endMembershipStatement,
  membershipCode,
  membershipName,
  putCountsStatement,
  putMembershipStatement,
  readCounts,
  redactMembershipStatement,
} from './membership-store.ts';
import type { MemberCounts, Membership } from './membership-store.ts';
import { strippedState } from './stripped-state.ts';

/** Keeps `memberships` and the member counts in step with `m.room.member` events. */
export class MembershipProjection implements Projection {
  readonly #users: Names;
  readonly #options: Required<MembershipOptions>;

  constructor(users: Names, options: MembershipOptions) {
    this.#users = users;
    this.#options = {
      forgetsOnLeave: false,
      prejoinState: RECOMMENDED_PREJOIN_STATE,
      ...options,
    };
  }

  async open(reader: Reader, head: RoomHead): Promise<RoomProjection> {
    const counts = await readCounts(reader, head.roomNid);
    return new RoomMemberships(head, this.#users, this.#options, counts);
  }

  import(imported: ImportedState): Promise<ProjectImport> {
    const { serverName, prejoinState } = this.#options;
    return importMembers(imported, prejoinState, (userId) => isOfServer(userId, serverName));
  }
}

interface MembershipOptions {
  readonly serverName: string;
  /** Whether a user of this server forgets a room by ceasing to be in it. */
  readonly forgetsOnLeave?: boolean;
  /** Default: what the specification recommends. */
  readonly prejoinState?: PrejoinState;
}

class RoomMemberships implements RoomProjection {
  readonly #head: RoomHead;
  readonly #users: Names;
  readonly #options: Required<MembershipOptions>;
  #counts: MemberCounts;
  /** The users whom the event in preparation changes the membership of. */
  readonly #targets = new Map<string, number>();
  /** What the event in preparation shows of the room to those who are not in it. */
  #shown: readonly StateEntry[] = [];

  constructor(
    head: RoomHead,
    users: Names,
    options: Required<MembershipOptions>,
    counts: MemberCounts,
  ) {
    this.#head = head;
    this.#users = users;
    this.#options = options;
    this.#counts = counts;
  }

  prepare(_event: PreparedEvent, stateChanges: readonly StateChange[]): Promise<void> | undefined {
    this.#targets.clear();
    const changes = stateChanges.filter(isOfMember);
    return changes.length === 0 ? undefined : this.#load(changes);
  }

  project({ event, order, stateChanges, redacts }: ProjectedEvent, output: ProjectionOutput): void {
    if (redacts !== undefined && redacts.state_key_nid !== null) {
      output.statements.push(redactMembershipStatement(event.roomNid, redacts.event_nid));
    }
    const changes = stateChanges.filter(isOfMember);
    for (const change of changes) this.#projectMember(change, order, output);
    if (changes.length > 0) {
      output.statements.push(putCountsStatement(event.roomNid, this.#counts));
    }
  }

  #projectMember(change: StateChange, position: PositionRef, output: ProjectionOutput): void {
    const { stateKey: userId, before, after } = change;
    const userNid = this.#targets.get(userId);
    if (userNid === undefined) throw new Error('a membership was projected unprepared');
    const isLocal = isOfServer(userId, this.#options.serverName);
    const membership = membershipOf(after);
    this.#counts = recount(this.#counts, membershipOf(before), membership, isLocal);
    output.touches.push({ kind: ChangeKind.membership, subject: userNid });
    const { roomNid } = this.#head;
    if (after !== undefined && membership !== undefined) {
      const row = this.#row(after, membership, isLocal);
      output.statements.push(putMembershipStatement({ roomNid, userNid, position, ...row }));
    } else {
      // Who is not in the state any more has left, as far as clients are concerned.
      const isForgotten = isLocal && this.#options.forgetsOnLeave;
      output.statements.push(endMembershipStatement(roomNid, userNid, position, isForgotten));
    }
  }

  #row(
    { eventNid, event: { sender, content } }: HeadEntry,
    membership: Membership,
    isLocal: boolean,
  ) {
    const { displayname: displayName, avatar_url: avatarUrl } = content;
    const isOut = membership === 'leave' || membership === 'ban';
    const isWaiting = membership === 'invite' || membership === 'knock';
    return {
      membership,
      eventNid,
      isLocal,
      forgottenByLeaving: isLocal && isOut && this.#options.forgetsOnLeave,
      displayName: typeof displayName === 'string' ? displayName : null,
      avatarUrl: typeof avatarUrl === 'string' ? avatarUrl : null,
      strippedState: isWaiting
        ? JSON.stringify(strippedState(this.#head, this.#shown, sender))
        : null,
    };
  }

  async #load(changes: readonly StateChange[]): Promise<void> {
    for (const { stateKey } of changes) {
      this.#targets.set(stateKey, await this.#users.intern(stateKey));
    }
    const senders = changes.flatMap(({ after }) => after?.event.sender ?? []);
    this.#shown = await loadPrejoinState(this.#head, this.#options.prejoinState, senders);
  }
}

function isOfServer(userId: string, serverName: string): boolean {
  const target = parseUserId(userId);
  return target !== undefined && serverNameOf(target) === serverName;
}

function isOfMember({ type }: StateChange): boolean {
  return type === 'm.room.member';
}

function membershipOf(entry: HeadEntry | undefined): Membership | undefined {
  const code = membershipCode(entry?.event.content['membership']);
  return code === undefined ? undefined : membershipName(code);
}

function recount(
  counts: MemberCounts,
  before: Membership | undefined,
  after: Membership | undefined,
  isLocal: boolean,
): MemberCounts {
  const change = (of: Membership): number => Number(after === of) - Number(before === of);
  return {
    joined: counts.joined + change('join'),
    invited: counts.invited + change('invite'),
    localJoined: counts.localJoined + (isLocal ? change('join') : 0),
  };
}
