import type { Guard } from '../storage/change.ts';
import { escapeText, unescapeText } from '../storage/escape-text.ts';
import { integerList, query, statement } from '../storage/sql.ts';
import type { Reader, Statement } from '../storage/sql.ts';

interface AccountRow {
  readonly user_nid: number;
  readonly password_hash: string | null;
  readonly admin: number;
  readonly guest: number;
  readonly deactivated: number;
  readonly locked: number;
  readonly suspended: number;
  readonly user_type: string | null;
  readonly service_id: string | null;
  readonly created_ts: number;
}

/** A user of this server. */
export interface Account {
  readonly userNid: number;
  /** Undefined where no password fits. */
  readonly passwordHash: string | undefined;
  readonly isAdmin: boolean;
  readonly isGuest: boolean;
  readonly isDeactivated: boolean;
  /** Client-server API, "Account locking". */
  readonly isLocked: boolean;
  /** Client-server API, "Account suspension". */
  readonly isSuspended: boolean;
  /** Synapse's `user_type`, e.g. `bot`. */
  readonly userType: string | undefined;
  readonly createdTs: number;
  /** The application service that registered it. */
  readonly serviceId: string | undefined;
}

export interface NewAccount {
  readonly userNid: number;
  readonly passwordHash: string | undefined;
  readonly isAdmin: boolean;
  readonly isGuest: boolean;
  readonly userType: string | undefined;
  readonly createdTs: number;
  readonly serviceId?: string | undefined;
}

export type AccountFlags = Pick<Account, 'isAdmin' | 'isDeactivated' | 'isLocked' | 'isSuspended'>;

const columns =
  'user_nid, password_hash, admin, guest, deactivated, locked, suspended, user_type, created_ts, service_id';

const one = query<AccountRow>(`select ${columns} from accounts where user_nid = ?`);
const insert = query(`insert into accounts (${columns}) values (?, ?, ?, ?, 0, 0, 0, ?, ?, ?)`);
const exists = query('select 1 as one from accounts where user_nid = ?');
const hasPassword = query(
  'select 1 as one from accounts where user_nid = ? and password_hash = ? and deactivated = 0',
);
const setPassword = query('update accounts set password_hash = ? where user_nid = ?');
const setFlags = query(
  'update accounts set admin = ?, deactivated = ?, locked = ?, suspended = ? where user_nid = ?',
);

const deactivate = query(
  `update accounts set password_hash = null, admin = 0, deactivated = 1, departing = 1,
     erased = ? where user_nid = ?`,
);
const departed = query('update accounts set departing = 0 where user_nid = ?');
const departing = query<{ user_nid: number }>('select user_nid from accounts where departing = 1');
const erased = query<{ user_nid: number }>(
  'select user_nid from accounts where erased = 1 and user_nid {in}',
);
const upgrade = query('update accounts set guest = 0, password_hash = ? where user_nid = ?');
const isGuest = query('select 1 as one from accounts where user_nid = ? and guest = 1');

export async function readAccount(reader: Reader, userNid: number): Promise<Account | undefined> {
  const row = await reader.get(one, userNid);
  return row === undefined ? undefined : toAccount(row);
}

export function insertAccountStatement(account: NewAccount): Statement {
  return statement(
    insert,
    account.userNid,
    account.passwordHash ?? null,
    account.isAdmin ? 1 : 0,
    account.isGuest ? 1 : 0,
    account.userType === undefined ? null : escapeText(account.userType),
    account.createdTs,
    account.serviceId === undefined ? null : escapeText(account.serviceId),
  );
}

export function setPasswordStatement(userNid: number, passwordHash: string): Statement {
  return statement(setPassword, passwordHash, userNid);
}

export function setFlagsStatement(userNid: number, flags: AccountFlags): Statement {
  return statement(
    setFlags,
    flags.isAdmin ? 1 : 0,
    flags.isDeactivated ? 1 : 0,
    flags.isLocked ? 1 : 0,
    flags.isSuspended ? 1 : 0,
    userNid,
  );
}

/** Ends the account; the user is departing until {@link departedStatement}. */
export function deactivateStatement(userNid: number, erases: boolean): Statement {
  return statement(deactivate, erases ? 1 : 0, userNid);
}

/** The user has left all rooms. */
export function departedStatement(userNid: number): Statement {
  return statement(departed, userNid);
}

/** Whose accounts ended while they may still be in rooms. */
export async function readDeparting(reader: Reader): Promise<number[]> {
  return (await reader.all(departing)).map((row) => row.user_nid);
}

/** Those of the users that wanted to be forgotten as well as possible. */
export async function readErased(
  reader: Reader,
  userNids: Iterable<number>,
): Promise<ReadonlySet<number>> {
  return new Set((await reader.all(erased, integerList(userNids))).map((row) => row.user_nid));
}

/** Makes a user of a guest. */
export function upgradeGuestStatement(
  userNid: number,
  passwordHash: string | undefined,
): Statement {
  return statement(upgrade, passwordHash ?? null, userNid);
}

/** Holds while the account is a guest's. */
export function isStillGuest(userNid: number): Guard {
  return { name: 'is-guest', check: statement(isGuest, userNid), expect: 'exists' };
}

/** Holds while nobody has the name. */
export function nameIsFree(userNid: number): Guard {
  return { name: 'name-is-free', check: statement(exists, userNid), expect: 'absent' };
}

/** Holds while the account is active and its password the one that was checked. */
export function passwordStands(userNid: number, passwordHash: string): Guard {
  const check = statement(hasPassword, userNid, passwordHash);
  return { name: 'password-stands', check, expect: 'exists' };
}

function toAccount(row: AccountRow): Account {
  return {
    userNid: row.user_nid,
    passwordHash: row.password_hash ?? undefined,
    isAdmin: row.admin === 1,
    isGuest: row.guest === 1,
    isDeactivated: row.deactivated === 1,
    isLocked: row.locked === 1,
    isSuspended: row.suspended === 1,
    userType: row.user_type === null ? undefined : unescapeText(row.user_type),
    createdTs: row.created_ts,
    serviceId: row.service_id === null ? undefined : unescapeText(row.service_id),
  };
}
