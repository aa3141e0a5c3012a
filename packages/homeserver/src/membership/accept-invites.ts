import { isJsonObject, parseUserId, serverNameOf } from '@soma/protocol';
import type { Pdu } from '@soma/protocol';

import { readAccount } from '../accounts/account-store.ts';
import type { Accounts } from '../accounts/accounts.ts';
import { findAccountData } from '../accounts/find-account-data.ts';
import { setAccountData } from '../accounts/set-account-data.ts';
import type { AutoAcceptInvites } from '../config/config.ts';
import { MatrixError } from '../errors/matrix-error.ts';
import { readEvent } from '../rooms/event-store.ts';
import { ChangeKind } from '../storage/change.ts';
import type { Committed } from '../storage/database.ts';
import { joinRoom } from './join-room.ts';
import { readMembershipsOfUser, readUsersInvited } from './membership-store.ts';
import type { MembershipRecord } from './membership-store.ts';
import { readOutOfBand } from './remote/out-of-band-store.ts';
import type { RemoteRooms } from './remote/remote-rooms.ts';

/** Accepts the invitations of this server's users for them, where the operator wants that (`auto_accept_invites`). */
export class AcceptInvites {
  readonly #remote: RemoteRooms;
  readonly #accounts: Accounts;
  readonly #options: AutoAcceptInvites;
  /** Users who may have invitations, and the work on them. */
  readonly #waiting = new Set<number>();
  #running: Promise<void> | undefined;
  #isClosed = false;

  constructor(remote: RemoteRooms, accounts: Accounts, options: AutoAcceptInvites) {
    this.#remote = remote;
    this.#accounts = accounts;
    this.#options = options;
  }

  /** Follows what is committed, and takes up what was left when the server stopped. */
  async start(): Promise<void> {
    const { database } = this.#remote.rooms;
    database.onCommit((committed) => this.#onCommit(committed));
    for (const userNid of await readUsersInvited(database.reader)) this.#waiting.add(userNid);
    this.#wake();
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#running;
  }

  #onCommit(committed: readonly Committed[]): void {
    for (const { kind, subject } of committed.flatMap(({ change }) => change.touches ?? [])) {
      if (kind === ChangeKind.membership) this.#waiting.add(subject);
    }
    this.#wake();
  }

  #wake(): void {
    if (this.#running !== undefined || this.#waiting.size === 0 || this.#isClosed) return;
    this.#running = this.#work().finally(() => {
      this.#running = undefined;
      this.#wake();
    });
  }

  async #work(): Promise<void> {
    const { reader } = this.#remote.rooms.database;
    const [userNid] = this.#waiting;
    if (userNid === undefined) return;
    this.#waiting.delete(userNid);
    try {
      const account = await readAccount(reader, userNid);
      if (account === undefined || account.isDeactivated) return;
      for (const record of await readMembershipsOfUser(reader, userNid)) {
        if (record.membership === 'invite') await this.#accept(record, account);
      }
    } catch (error) {
      this.#remote.logger.warn({ err: error }, 'invitations could not be accepted');
    }
  }

  async #accept(
    record: MembershipRecord,
    { isGuest, isAdmin }: { readonly isGuest: boolean; readonly isAdmin: boolean },
  ): Promise<void> {
    const { rooms, logger } = this.#remote;
    const { userNid, roomNid } = record;
    const invitation = await this.#invitationOf(record);
    if (invitation === undefined) return;
    const userId = await rooms.names.users.text(userNid);
    const roomId = await rooms.names.rooms.text(roomNid);
    const profile = await rooms.profileOf(userId);
    const join = { roomId, userId, userNid, isGuest, isAdmin, profile, via: [], reason: undefined };
    try {
      await joinRoom(this.#remote, join);
    } catch (error) {
      if (!(error instanceof MatrixError)) throw error;
      logger.warn({ err: error, roomId, userId }, 'an invitation could not be accepted');
      return;
    }
    if (invitation.isDirect) await this.#markDirect(userNid, invitation.senderId, roomId);
  }

  /** Undefined for one that is not to be accepted. */
  async #invitationOf({
    userNid,
    roomNid,
    eventNid,
  }: MembershipRecord): Promise<{ senderId: string; isDirect: boolean } | undefined> {
    const { rooms } = this.#remote;
    const { reader } = rooms.database;
    const known =
      (await readEvent(reader, eventNid)) ?? (await readOutOfBand(reader, userNid, roomNid));
    if (known === undefined) return undefined;
    const { sender, content }: Pdu = JSON.parse(known.json);
    const inviter = parseUserId(sender);
    if (inviter === undefined) return undefined;
    const isDirect = content['is_direct'] === true;
    if (this.#options.directOnly && !isDirect) return undefined;
    if (this.#options.localOnly && serverNameOf(inviter) !== rooms.serverName) return undefined;
    if ((await rooms.ignoredBy(userNid)).has(sender)) return undefined;
    return { senderId: sender, isDirect };
  }

  /** As the user's client does it when it accepts. */
  async #markDirect(userNid: number, senderId: string, roomId: string): Promise<void> {
    const text = await findAccountData(this.#accounts, userNid, undefined, 'm.direct');
    const known: unknown = text === undefined ? {} : JSON.parse(text);
    const direct = isJsonObject(known) ? known : {};
    const before = Object.hasOwn(direct, senderId) ? direct[senderId] : undefined;
    const roomIds = Array.isArray(before) ? before : [];
    if (roomIds.includes(roomId)) return;
    const content = { ...direct, [senderId]: [...roomIds, roomId] };
    await setAccountData(this.#accounts, userNid, undefined, 'm.direct', content);
  }
}
