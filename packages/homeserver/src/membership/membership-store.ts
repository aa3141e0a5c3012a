import { escapeText, unescapeText } from '../storage/escape-text.ts';
import { integerList, query, statement } from '../storage/sql.ts';
import type { Reader, SqlParam, Statement } from '../storage/sql.ts';

/** `memberships.membership`. */
export const MembershipCode = { join: 1, invite: 2, knock: 3, leave: 4, ban: 5 } as const;
export type Membership = keyof typeof MembershipCode;
type MembershipCode = (typeof MembershipCode)[Membership];

const names: readonly Membership[] = ['join', 'invite', 'knock', 'leave', 'ban'];

/** The code of a membership; undefined for what is none. */
export function membershipCode(name: unknown): MembershipCode | undefined {
  return names.includes(name as Membership) ? MembershipCode[name as Membership] : undefined;
}

export function membershipName(code: number): Membership {
  return names[code - 1] ?? 'leave';
}

/** `memberships.forgotten`. */
const Forgotten = { no: 0, byUser: 1, byLeaving: 2 } as const;

interface MembershipRow {
  readonly room_nid: number;
  readonly user_nid: number;
  readonly membership: number;
  readonly event_nid: number;
  readonly position: number;
  readonly forgotten: number;
  readonly display_name: string | null;
  readonly avatar_url: string | null;
}

/** A user's latest membership of a room. */
export interface MembershipRecord {
  readonly roomNid: number;
  readonly userNid: number;
  readonly membership: Membership;
  readonly eventNid: number;
  /** The position at which it became so. */
  readonly position: number;
  readonly forgotten: boolean;
  /** Forgotten by leaving, so that syncs must still tell of the leave. */
  readonly forgottenByLeaving: boolean;
  readonly displayName: string | undefined;
  readonly avatarUrl: string | undefined;
}

const columns =
  'room_nid, user_nid, membership, event_nid, position, forgotten, display_name, avatar_url';

const putMembership = query(
  `insert into memberships (room_nid, user_nid, membership, event_nid, position, local, forgotten,
     display_name, avatar_url, stripped_state)
   values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
   on conflict (user_nid, room_nid) do update set membership = excluded.membership,
     event_nid = excluded.event_nid, position = excluded.position, forgotten = excluded.forgotten,
     display_name = excluded.display_name, avatar_url = excluded.avatar_url,
     stripped_state = excluded.stripped_state`,
);
const endMembership = query(
  `update memberships set membership = ${MembershipCode.leave}, position = ?, stripped_state = null,
     forgotten = case when forgotten = ${Forgotten.no} then ? else forgotten end
   where user_nid = ? and room_nid = ?`,
);
const putSummary = query(
  `insert into room_summaries (room_nid, joined_count, invited_count, local_joined_count)
   values (?, ?, ?, ?)
   on conflict (room_nid) do update set joined_count = excluded.joined_count,
     invited_count = excluded.invited_count, local_joined_count = excluded.local_joined_count`,
);
const redactMembership = query(
  `update memberships set display_name = null, avatar_url = null
   where room_nid = ? and event_nid = ?`,
);
const forget = query(
  `update memberships set forgotten = ${Forgotten.byUser}
   where user_nid = ? and room_nid = ? and membership >= 4`,
);
const one = query<MembershipRow>(
  `select ${columns} from memberships where user_nid = ? and room_nid = ?`,
);
const ofUser = query<MembershipRow>(`select ${columns} from memberships where user_nid = ?`);
const ofRoom = query<MembershipRow>(
  `select ${columns} from memberships where room_nid = ? and membership = ? order by position`,
);
const localJoined = query<{ user_nid: number }>(
  'select user_nid from memberships where room_nid = ? and local = 1 and membership = 1',
);
const remoteJoined = query<{ user_nid: number }>(
  `select user_nid from memberships where room_nid = ? and membership = 1 and local = 0
   order by position limit ?`,
);
/** Whether somebody is a guest stands with the account alone, since it ends when the guest registers. */
const guests = query<{ user_nid: number }>(
  `select m.user_nid from memberships m join accounts a on a.user_nid = m.user_nid
   where m.room_nid = ? and m.local = 1 and m.membership = 1 and a.guest = 1`,
);
const heroes = query<{ user_nid: number; membership: number }>(
  `select user_nid, membership from memberships
   where room_nid = ? and membership in (1, 2) and user_nid <> ? order by membership, position limit ?`,
);
const formerHeroes = query<{ user_nid: number; membership: number }>(
  `select user_nid, membership from memberships
   where room_nid = ? and membership in (4, 5) and user_nid <> ? order by membership, position limit ?`,
);
const strippedState = query<{ stripped_state: string | null }>(
  'select stripped_state from memberships where user_nid = ? and room_nid = ?',
);
const invited = query<{ user_nid: number }>(
  `select distinct m.user_nid from accounts a
   join memberships m on m.user_nid = a.user_nid and m.membership = ${MembershipCode.invite}`,
);
const summary = query<{ joined_count: number; invited_count: number; local_joined_count: number }>(
  'select joined_count, invited_count, local_joined_count from room_summaries where room_nid = ?',
);
const changedOf = query<MembershipRow>(
  `select ${columns} from memberships where user_nid {in} and position > ?`,
);
const changedBeside = query<MembershipRow>(
  `select ${columns
    .split(', ')
    .map((name) => `theirs.${name}`)
    .join(', ')} from memberships mine
   join memberships theirs on theirs.room_nid = mine.room_nid
     and theirs.membership in (1, 4, 5) and theirs.position > ?
   where mine.user_nid = ? and (mine.membership = 1 or mine.position > ?)`,
);
const joinedRooms = query<{ room_nid: number }>(
  'select room_nid from memberships where user_nid = ? and membership = 1',
);
const joinedRoomsBy = query<{ room_nid: number }>(
  'select room_nid from memberships where user_nid = ? and membership = 1 and position <= ?',
);
const sharedRooms = query<{ user_nid: number }>(
  `select distinct theirs.user_nid from memberships mine
   join memberships theirs on theirs.room_nid = mine.room_nid and theirs.membership = 1
   where mine.user_nid = ? and mine.membership = 1`,
);
const sharing = query<{ user_nid: number }>(
  `select u.user_nid from users u where u.user_nid {in} and exists (
     select 1 from memberships theirs
     join memberships mine on mine.room_nid = theirs.room_nid and mine.membership = 1
     where theirs.user_nid = u.user_nid and theirs.membership = 1 and mine.user_nid = ?)`,
);

/** How many members a room has. */
export interface MemberCounts {
  readonly joined: number;
  readonly invited: number;
  readonly localJoined: number;
}

export interface NewMembership {
  readonly roomNid: number;
  readonly userNid: number;
  readonly membership: Membership;
  readonly eventNid: number;
  readonly position: SqlParam;
  readonly isLocal: boolean;
  /** Whether the server forgets the room for the user right away. */
  readonly forgottenByLeaving: boolean;
  readonly displayName: string | null;
  readonly avatarUrl: string | null;
  /** JSON text of the stripped state shown to someone invited or knocking. */
  readonly strippedState: string | null;
}

export function putMembershipStatement(row: NewMembership): Statement {
  return statement(
    putMembership,
    row.roomNid,
    row.userNid,
    MembershipCode[row.membership],
    row.eventNid,
    row.position,
    row.isLocal ? 1 : 0,
    row.forgottenByLeaving ? Forgotten.byLeaving : Forgotten.no,
    row.displayName === null ? null : escapeText(row.displayName),
    row.avatarUrl === null ? null : escapeText(row.avatarUrl),
    row.strippedState,
  );
}

/** The user is no longer in the room, by no event of their own. */
export function endMembershipStatement(
  roomNid: number,
  userNid: number,
  position: SqlParam,
  forgottenByLeaving: boolean,
): Statement {
  const forgotten = forgottenByLeaving ? Forgotten.byLeaving : Forgotten.no;
  return statement(endMembership, position, forgotten, userNid, roomNid);
}

export function putCountsStatement(roomNid: number, counts: MemberCounts): Statement {
  return statement(putSummary, roomNid, counts.joined, counts.invited, counts.localJoined);
}

export function redactMembershipStatement(roomNid: number, eventNid: number): Statement {
  return statement(redactMembership, roomNid, eventNid);
}

export function forgetStatement(userNid: number, roomNid: number): Statement {
  return statement(forget, userNid, roomNid);
}

export async function readMembership(
  reader: Reader,
  userNid: number,
  roomNid: number,
): Promise<MembershipRecord | undefined> {
  const row = await reader.get(one, userNid, roomNid);
  return row === undefined ? undefined : toRecord(row);
}

/** Whether the user has left the room and then forgotten it. */
export async function hasForgotten(
  reader: Reader,
  userNid: number,
  roomNid: number,
): Promise<boolean> {
  return (await readMembership(reader, userNid, roomNid))?.forgotten ?? false;
}

export async function isJoined(reader: Reader, userNid: number, roomNid: number): Promise<boolean> {
  return (await readMembership(reader, userNid, roomNid))?.membership === 'join';
}

/** Every membership that the user has or had. */
/** The users of this server who have invitations. */
export async function readUsersInvited(reader: Reader): Promise<number[]> {
  return (await reader.all(invited)).map((row) => row.user_nid);
}

export async function readMembershipsOfUser(
  reader: Reader,
  userNid: number,
): Promise<MembershipRecord[]> {
  return (await reader.all(ofUser, userNid)).map(toRecord);
}

/** Memberships of these users that changed above a position. */
export async function readMembershipsChanged(
  reader: Reader,
  userNids: readonly number[],
  above: number,
): Promise<MembershipRecord[]> {
  return (await reader.all(changedOf, integerList(userNids), above)).map(toRecord);
}

/** Whoever joined or left above a position, in rooms that the user is in, or joined or left above it too. */
export async function readMembershipsChangedBeside(
  reader: Reader,
  userNid: number,
  above: number,
): Promise<MembershipRecord[]> {
  return (await reader.all(changedBeside, above, userNid, above)).map(toRecord);
}

/** The rooms that the user is joined to. */
export async function readJoinedRooms(reader: Reader, userNid: number): Promise<number[]> {
  return (await reader.all(joinedRooms, userNid)).map((row) => row.room_nid);
}

/** The rooms that the user is joined to, with a member event from no later than a position. */
export async function readRoomsJoinedBy(
  reader: Reader,
  userNid: number,
  position: number,
): Promise<number[]> {
  return (await reader.all(joinedRoomsBy, userNid, position)).map((row) => row.room_nid);
}

/** Who has this membership of the room, longest first. */
export async function readMembersOfRoom(
  reader: Reader,
  roomNid: number,
  membership: Membership,
): Promise<MembershipRecord[]> {
  return (await reader.all(ofRoom, roomNid, MembershipCode[membership])).map(toRecord);
}

/** The users of this server who are in the room. */
export async function readLocalMembers(reader: Reader, roomNid: number): Promise<number[]> {
  return (await reader.all(localJoined, roomNid)).map((row) => row.user_nid);
}

/** Some users of other servers who are in the room, longest first. */
export async function readRemoteMembers(
  reader: Reader,
  roomNid: number,
  countMax: number,
): Promise<number[]> {
  return (await reader.all(remoteJoined, roomNid, countMax)).map((row) => row.user_nid);
}

/** Those of them who are guests. */
export async function readGuestMembers(reader: Reader, roomNid: number): Promise<number[]> {
  return (await reader.all(guests, roomNid)).map((row) => row.user_nid);
}

/** Up to `count` users that stand for the room, the asking one apart (CS API, `m.heroes`). */
export async function readHeroes(
  reader: Reader,
  roomNid: number,
  exceptUserNid: number,
  count: number,
): Promise<number[]> {
  const present = await reader.all(heroes, roomNid, exceptUserNid, count);
  const rows =
    present.length > 0 ? present : await reader.all(formerHeroes, roomNid, exceptUserNid, count);
  return rows.map((row) => row.user_nid);
}

/** JSON text of the stripped state that came with an invitation or knock. */
export async function readStrippedState(
  reader: Reader,
  userNid: number,
  roomNid: number,
): Promise<string | undefined> {
  const row = await reader.get(strippedState, userNid, roomNid);
  return row?.stripped_state ?? undefined;
}

export async function readCounts(reader: Reader, roomNid: number): Promise<MemberCounts> {
  const row = await reader.get(summary, roomNid);
  return {
    joined: row?.joined_count ?? 0,
    invited: row?.invited_count ?? 0,
    localJoined: row?.local_joined_count ?? 0,
  };
}

/** Users joined to a room that this user is joined to, the user included. */
export async function readUsersSharingRooms(reader: Reader, userNid: number): Promise<number[]> {
  return (await reader.all(sharedRooms, userNid)).map((row) => row.user_nid);
}

/** Of these users, those joined to a room that this user is joined to, and this user. */
export async function readUsersSharingWith(
  reader: Reader,
  userNid: number,
  others: readonly number[],
): Promise<number[]> {
  const rows = await reader.all(sharing, integerList(others), userNid);
  const found = new Set(rows.map((row) => row.user_nid));
  return others.filter((other) => other === userNid || found.has(other));
}

function toRecord(row: MembershipRow): MembershipRecord {
  return {
    roomNid: row.room_nid,
    userNid: row.user_nid,
    membership: membershipName(row.membership),
    eventNid: row.event_nid,
    position: row.position,
    forgotten: row.forgotten !== Forgotten.no,
    forgottenByLeaving: row.forgotten === Forgotten.byLeaving,
    displayName: row.display_name === null ? undefined : unescapeText(row.display_name),
    avatarUrl: row.avatar_url === null ? undefined : unescapeText(row.avatar_url),
  };
}
