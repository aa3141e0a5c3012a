import { newUserId, parseRoomAlias, serverNameOf } from '@soma/protocol';

import type { Accounts } from '../accounts/accounts.ts';
import { findAccount } from '../accounts/find-account.ts';
import type { Config } from '../config/config.ts';
import { readAlias } from '../directory/alias-store.ts';
import { createListedRoom } from '../directory/create-listed-room.ts';
import type { Directory } from '../directory/directory.ts';
import { MatrixError, notFound } from '../errors/matrix-error.ts';
import { changeMembership } from '../membership/change-membership.ts';
import type { Logger } from '../telemetry/logger.ts';
import { encryptionFor, supportedVersion } from './create-room.ts';

/** What the rooms of new users are found, made and joined with. */
export interface FirstRooms {
  readonly accounts: Accounts;
  readonly directory: Directory;
  readonly config: Config;
  readonly logger: Logger;
}

interface NewUser {
  readonly userId: string;
  readonly isGuest: boolean;
}

/**
 * Has a new user join the rooms that the operator names (`auto_join_rooms`), which the first one may have to make. What
 * cannot be joined is logged: the account is made all the same.
 */
export async function joinFirstRooms(context: FirstRooms, user: NewUser): Promise<void> {
  const { aliases, includesGuests } = context.config.autoJoin;
  if (user.isGuest && !includesGuests) return;
  for (const alias of aliases) {
    try {
      await joinFirstRoom(context, user, alias);
    } catch (error) {
      if (!(error instanceof MatrixError)) throw error;
      context.logger.warn({ err: error, alias }, 'a new user could not join a first room');
    }
  }
}

async function joinFirstRoom(context: FirstRooms, user: NewUser, alias: string): Promise<void> {
  const { rooms } = context.directory;
  const host = await hostOf(context);
  let record = await readAlias(rooms.database.reader, alias);
  if (record === undefined) {
    await makeRoom(context, alias, host ?? (user.isGuest ? undefined : user.userId));
    record = await readAlias(rooms.database.reader, alias);
  }
  if (record === undefined) throw notFound('There is no room of this alias');
  await enter(context, record.roomNid, user, host);
}

/** The user who makes the rooms and invites to them, where the operator names one. */
async function hostOf({ accounts, config }: FirstRooms): Promise<string | undefined> {
  const { localpart } = config.autoJoin;
  const userId = localpart === undefined ? undefined : newUserId(localpart, accounts.serverName);
  if (userId === undefined) return undefined;
  return (await findAccount(accounts, userId)) === undefined ? undefined : userId;
}

/** Nothing where rooms are not to be made, or not under this alias. */
async function makeRoom(
  { accounts, directory, config }: FirstRooms,
  alias: string,
  creator: string | undefined,
): Promise<void> {
  const { creates, createsFederated, preset } = config.autoJoin;
  const parsed = parseRoomAlias(alias);
  const isOurs = parsed !== undefined && serverNameOf(parsed) === accounts.serverName;
  if (!creates || !isOurs || creator === undefined) return;
  const user = { userId: creator, userNid: await accounts.names.users.intern(creator) };
  const room = {
    creator,
    version: supportedVersion(config.rooms.defaultRoomVersion),
    preset,
    creationContent: createsFederated ? {} : { 'm.federate': false },
    powerLevelsOverride: {},
    initialState: encryptionFor(config, preset),
    invite: [],
    isDirect: false,
  };
  const aliasName = alias.slice(1, alias.indexOf(':'));
  try {
    const listing = { aliasName, isPublic: preset === 'public_chat' };
    await createListedRoom(directory, { ...user, isAdmin: false }, room, listing);
  } catch (error) {
    // Another new user was quicker.
    if (!(error instanceof MatrixError) || error.errcode !== 'M_ROOM_IN_USE') throw error;
  }
}

/** Joins, and is invited first where that is needed and there is somebody who invites. */
async function enter(
  { directory: { rooms } }: FirstRooms,
  roomNid: number,
  { userId, isGuest }: NewUser,
  host: string | undefined,
): Promise<void> {
  const profile = await rooms.profileOf(userId);
  const about = { roomNid, target: userId, profile, isGuest };
  const join = { ...about, sender: userId, action: 'join' } as const;
  try {
    await changeMembership(rooms, join);
  } catch (error) {
    const isRefused = error instanceof MatrixError && error.errcode === 'M_FORBIDDEN';
    if (host === undefined || host === userId || !isRefused) throw error;
    await changeMembership(rooms, { ...about, sender: host, action: 'invite' });
    await changeMembership(rooms, join);
  }
}
