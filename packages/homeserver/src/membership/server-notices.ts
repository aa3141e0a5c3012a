import { newUserId, roomVersion } from '@soma/protocol';
import type { JsonObject, UserId } from '@soma/protocol';

import type { Account } from '../accounts/account-store.ts';
import type { Accounts } from '../accounts/accounts.ts';
import { editTag } from '../accounts/edit-tags.ts';
import { findAccount } from '../accounts/find-account.ts';
import { profileOf } from '../accounts/profile-of.ts';
import { registerAccount } from '../accounts/register-account.ts';
import { setProfileField } from '../accounts/set-profile.ts';
import type { NoticesSettings } from '../config/config.ts';
import { createRoom } from '../rooms/create-room.ts';
import { readCurrentContent } from '../rooms/read-current-content.ts';
import type { InitialState } from '../rooms/room-presets.ts';
import type { Rooms } from '../rooms/rooms.ts';
import { sendEvent } from '../rooms/send-event.ts';
import { changeMembership } from './change-membership.ts';
import { readMembershipsOfUser, readMembersOfRoom } from './membership-store.ts';
import { propagateProfile } from './propagate-profile.ts';

/** What is to be told. */
export interface Notice {
  readonly type: string;
  readonly stateKey: string | undefined;
  readonly content: JsonObject;
}

interface NoticesParts {
  readonly accounts: Accounts;
  readonly rooms: Rooms;
  readonly settings: NoticesSettings;
  readonly roomVersion: string;
}

/** Writes to users in the name of the server (CS API, "Server Notices"). */
export class ServerNotices {
  readonly #parts: NoticesParts;
  readonly #senderId: UserId;
  /** One after the other, so that nobody gets two rooms. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(parts: NoticesParts) {
    const senderId = newUserId(parts.settings.localpart, parts.accounts.serverName);
    if (senderId === undefined) throw new Error('the user of server notices has no valid ID');
    this.#parts = parts;
    this.#senderId = senderId;
  }

  /** Writes to a user of this server. Resolves to the event's ID; throws what sending it throws. */
  async send(account: Account, { type, stateKey, content }: Notice): Promise<string> {
    const ready = this.#last.then(() => this.#roomOf(account));
    this.#last = ready.catch(() => undefined);
    const roomId = await ready;
    const keyed = stateKey === undefined ? {} : { stateKey };
    const sent = { roomId, sender: this.#senderId, type, content, ...keyed };
    return sendEvent(this.#parts.rooms, sent);
  }

  /** The room of the user's notices, with the user in it or invited. */
  async #roomOf(account: Account): Promise<string> {
    const { rooms, settings } = this.#parts;
    await this.#prepareSender();
    const known = await this.#findRoom(account.userNid);
    if (known !== undefined) {
      await this.#dress(known);
      return known;
    }
    const roomId = await this.#makeRoom();
    await editTag(this.#parts.accounts, account.userNid, roomId, 'm.server_notice', {});
    const target = await rooms.names.users.text(account.userNid);
    const roomNid = await rooms.names.rooms.intern(roomId);
    const about = { roomNid, target, profile: await rooms.profileOf(target) };
    await changeMembership(rooms, { ...about, sender: this.#senderId, action: 'invite' });
    if (settings.joinsUsers) {
      const { isGuest } = account;
      await changeMembership(rooms, { ...about, sender: target, action: 'join', isGuest });
    }
    return roomId;
  }

  async #prepareSender(): Promise<void> {
    const { accounts, rooms, settings } = this.#parts;
    const { localpart: username, displayName, avatarUrl = '' } = settings;
    if ((await findAccount(accounts, this.#senderId)) === undefined) {
      const account = { username, password: undefined, displayName, session: undefined };
      await registerAccount(accounts, account);
    }
    const profile = await profileOf(accounts, this.#senderId);
    const editor = { userId: this.#senderId, isAdmin: true };
    const isSame = profile?.displayName === displayName && (profile.avatarUrl ?? '') === avatarUrl;
    if (isSame) return;
    await setProfileField(accounts, editor, this.#senderId, 'displayName', displayName);
    await setProfileField(accounts, editor, this.#senderId, 'avatarUrl', avatarUrl);
    await propagateProfile(rooms, this.#senderId, await rooms.profileOf(this.#senderId));
  }

  /** The room that the user shares with nobody but the sender of notices. */
  async #findRoom(userNid: number): Promise<string | undefined> {
    const { rooms } = this.#parts;
    const { reader } = rooms.database;
    const senderNid = await rooms.names.users.intern(this.#senderId);
    for (const { membership, roomNid } of await readMembershipsOfUser(reader, userNid)) {
      if (membership !== 'join' && membership !== 'invite') continue;
      const members = await readMembersOfRoom(reader, roomNid, 'join');
      const isBetweenThem = members.every((one) => [senderNid, userNid].includes(one.userNid));
      if (isBetweenThem && members.some((one) => one.userNid === senderNid)) {
        return rooms.names.rooms.text(roomNid);
      }
    }
    return undefined;
  }

  async #makeRoom(): Promise<string> {
    const { rooms, roomVersion: versionId } = this.#parts;
    const version = roomVersion(versionId);
    if (version === undefined) throw new Error(`there is no room version ${versionId}`);
    return createRoom(rooms, {
      creator: this.#senderId,
      version,
      preset: 'private_chat',
      creationContent: {},
      // Users have nobody to talk to there.
      powerLevelsOverride: { users_default: -10 },
      initialState: this.#decoration(),
      invite: [],
      isDirect: false,
    });
  }

  /** Keeps up with the operator's wishes. */
  async #dress(roomId: string): Promise<void> {
    const { rooms } = this.#parts;
    const roomNid = await rooms.names.rooms.intern(roomId);
    for (const { type, stateKey, content } of this.#decoration()) {
      const current = await readCurrentContent(rooms, rooms.database.reader, roomNid, type);
      const isSame = Object.entries(content).every(([key, value]) => current?.[key] === value);
      if (isSame) continue;
      await sendEvent(rooms, { roomId, sender: this.#senderId, type, stateKey, content });
    }
  }

  #decoration(): InitialState[] {
    const { roomName, roomAvatarUrl, roomTopic } = this.#parts.settings;
    const wanted: [type: string, key: string, value: string | undefined][] = [
      ['m.room.name', 'name', roomName],
      ['m.room.avatar', 'url', roomAvatarUrl],
      ['m.room.topic', 'topic', roomTopic],
    ];
    return wanted.flatMap(([type, key, value]) =>
      value === undefined || value === ''
        ? []
        : [{ type, stateKey: '', content: { [key]: value } }],
    );
  }
}
