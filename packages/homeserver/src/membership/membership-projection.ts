import { parseUserId, serverNameOf } from '@soma/protocol';

import type { HeadEntry } from '../rooms/head-entry.ts';
import type { PreparedEvent } from '../rooms/prepared-event.ts';
import type { Projection } from '../rooms/projection.ts';
import type { RoomHead } from '../rooms/room-head.ts';
import type { ProjectedEvent, ProjectionOutput, RoomProjection } from '../rooms/room-projection.ts';
import { ChangeKind } from '../storage/change.ts';
import type { Names } from '../storage/names-store.ts';
import type { Reader } from '../storage/sql.ts';
import {
  membershipCode,
  membershipName,
  putCountsStatement,
  putMembershipStatement,
  readCounts,
  redactMembershipStatement,
} from './membership-store.ts';
import type { MemberCounts, Membership } from './membership-store.ts';
import { STRIPPED_STATE_KEYS, strippedState } from './stripped-state.ts';

/** Keeps `memberships` and the member counts in step with `m.room.member` events. */
export class MembershipProjection implements Projection {
  readonly #users: Names;
  readonly #serverName: string;
  readonly #forgetsOnLeave: boolean;

  /** @param forgetsOnLeave whether a user of this server forgets a room by ceasing to be in it */
  constructor(users: Names, serverName: string, forgetsOnLeave = false) {
    this.#users = users;
    this.#serverName = serverName;
    this.#forgetsOnLeave = forgetsOnLeave;
  }

  async open(reader: Reader, head: RoomHead): Promise<RoomProjection> {
    const counts = await readCounts(reader, head.roomNid);
    const options = { serverName: this.#serverName, forgetsOnLeave: this.#forgetsOnLeave };
    return new RoomMemberships(head, this.#users, options, counts);
  }
}

interface MembershipOptions {
  readonly serverName: string;
  readonly forgetsOnLeave: boolean;
}

class RoomMemberships implements RoomProjection {
  readonly #head: RoomHead;
  readonly #users: Names;
  readonly #options: MembershipOptions;
  #counts: MemberCounts;
  /** The user that the event in preparation is about. */
  #target: number | undefined;

  constructor(head: RoomHead, users: Names, options: MembershipOptions, counts: MemberCounts) {
    this.#head = head;
    this.#users = users;
    this.#options = options;
    this.#counts = counts;
  }

  prepare(event: PreparedEvent): Promise<void> | undefined {
    const { pdu } = event.built;
    this.#target = undefined;
    if (pdu.type !== 'm.room.member' || pdu.state_key === undefined) return undefined;
    return this.#load(pdu.state_key, pdu.sender);
  }

  project({ event, order, replaces, redacts }: ProjectedEvent, output: ProjectionOutput): void {
    if (redacts !== undefined && redacts.state_key_nid !== null) {
      output.statements.push(redactMembershipStatement(event.roomNid, redacts.event_nid));
    }
    const { type, state_key: userId, sender, content } = event.built.pdu;
    const code = membershipCode(content['membership']);
    if (type !== 'm.room.member' || userId === undefined || code === undefined) return;
    const userNid = this.#target;
    if (userNid === undefined) throw new Error('a membership was projected unprepared');
    const membership = membershipName(code);
    const target = parseUserId(userId);
    const isLocal = target !== undefined && serverNameOf(target) === this.#options.serverName;
    const isOut = membership === 'leave' || membership === 'ban';
    const isWaiting = membership === 'invite' || membership === 'knock';
    const { displayname: displayName, avatar_url: avatarUrl } = content;
    this.#counts = recount(this.#counts, membershipOf(replaces), membership, isLocal);
    output.statements.push(
      putMembershipStatement({
        roomNid: event.roomNid,
        userNid,
        membership,
        eventNid: event.eventNid,
        position: order,
        isLocal,
        forgottenByLeaving: isLocal && isOut && this.#options.forgetsOnLeave,
        displayName: typeof displayName === 'string' ? displayName : null,
        avatarUrl: typeof avatarUrl === 'string' ? avatarUrl : null,
        strippedState: isWaiting ? JSON.stringify(strippedState(this.#head, sender)) : null,
      }),
      putCountsStatement(event.roomNid, this.#counts),
    );
    output.touches.push({ kind: ChangeKind.membership, subject: userNid });
  }

  async #load(target: string, sender: string): Promise<void> {
    this.#target = await this.#users.intern(target);
    await this.#head.load([...STRIPPED_STATE_KEYS, ['m.room.member', sender]]);
  }
}

function membershipOf(entry: HeadEntry | undefined): Membership | undefined {
  const code = membershipCode(entry?.event.content['membership']);
  return code === undefined ? undefined : membershipName(code);
}

function recount(
  counts: MemberCounts,
  before: Membership | undefined,
  after: Membership,
  isLocal: boolean,
): MemberCounts {
  const change = (of: Membership): number => Number(after === of) - Number(before === of);
  return {
    joined: counts.joined + change('join'),
    invited: counts.invited + change('invite'),
    localJoined: counts.localJoined + (isLocal ? change('join') : 0),
  };
}
