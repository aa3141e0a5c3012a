import { createHash } from 'node:crypto';

import type { JsonObject } from '@soma/protocol';

import { escapeText, unescapeText } from '../../storage/escape-text.ts';
import { POSITION, query, statement } from '../../storage/sql.ts';
import type { Reader, SqlParam, Statement } from '../../storage/sql.ts';

/** A pusher's own words about itself (CS API, `Pusher`), beside kind, app and key. */
export interface PusherDescription {
  readonly app_display_name: string;
  readonly device_display_name: string;
  readonly lang: string;
  readonly profile_tag: string;
  readonly data: JsonObject;
}

export type PusherKind = 'http' | 'email';

export interface Pusher {
  readonly pusherNid: number;
  readonly userNid: number;
  readonly deviceId: string | undefined;
  readonly kind: PusherKind;
  readonly appId: string;
  readonly pushkey: string;
  readonly description: PusherDescription;
  readonly isEnabled: boolean;
  /** Milliseconds since the Unix epoch at which it was last set. */
  readonly pushkeyTs: number;
  /** The number of what is unread that it was last told. */
  readonly badge: number | undefined;
  /** Not before this time it is told anything. */
  readonly nextTs: number;
  readonly failures: number;
  readonly failingSinceTs: number | undefined;
}

export interface NewPusher {
  readonly userNid: number;
  readonly deviceNid: number | undefined;
  readonly kind: PusherKind;
  readonly appId: string;
  readonly pushkey: string;
  readonly description: PusherDescription;
  readonly isEnabled: boolean;
  readonly pushkeyTs: number;
}

interface PusherRow {
  readonly pusher_nid: number;
  readonly user_nid: number;
  readonly device_id: string | null;
  readonly kind: PusherKind;
  readonly app_id: string;
  readonly pushkey: string;
  readonly json: string;
  readonly enabled: number;
  readonly pushkey_ts: number;
  readonly badge: number | null;
  readonly next_ts: number;
  readonly failures: number;
  readonly failing_since_ts: number | null;
}

const select = `select p.pusher_nid, p.user_nid, d.device_id, p.kind, p.app_id, p.pushkey, p.json,
    p.enabled, p.pushkey_ts, p.badge, p.next_ts, p.failures, p.failing_since_ts
  from pushers p left join devices d on d.device_nid = p.device_nid`;

const ofUser = query<PusherRow>(`${select} where p.user_nid = ? order by p.pusher_nid`);
const byNid = query<PusherRow>(`${select} where p.pusher_nid = ?`);
const owners = query<{ user_nid: number }>('select distinct user_nid from pushers');
/** A pusher that is set again belongs to the device that made it, which another may only turn on or off. */
const put = query(
  `insert into pushers (pusher_nid, user_nid, device_nid, key_hash, kind, app_id, pushkey, json,
     enabled, from_position, pushkey_ts, badge, next_ts, failures, failing_since_ts)
   values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, null, 0, 0, null)
   on conflict (key_hash, user_nid) do update set kind = excluded.kind, json = excluded.json,
     enabled = excluded.enabled, pushkey_ts = excluded.pushkey_ts, badge = null, next_ts = 0,
     failures = 0, failing_since_ts = null`,
);
const deleteOne = 'from pushers where key_hash = ? and user_nid = ?';
const deleteOthers = 'from pushers where key_hash = ? and user_nid <> ?';
const deleteOfDevices = `from pushers where user_nid = ? and device_nid not in
  (select d.device_nid from devices d where d.user_nid = ?)`;
const deleteAll = 'from pushers where user_nid = ?';
const deleteMail = `from pushers where user_nid = ? and kind = 'email' and lower(pushkey) = ?`;

const reached = query(
  `update pushers set badge = ?, next_ts = ?, failures = 0, failing_since_ts = null
   where pusher_nid = ?`,
);
const failed = query(
  'update pushers set next_ts = ?, failures = ?, failing_since_ts = ? where pusher_nid = ?',
);
const hasten = query('update pushers set next_ts = ? where pusher_nid = ? and next_ts > ?');

/** Deletes pushers with all that stands beside them. */
function removal(chosen: string): readonly ReturnType<typeof query>[] {
  return [
    query(`delete from push_queue where pusher_nid in (select pusher_nid ${chosen})`),
    query(`delete from email_throttles where pusher_nid in (select pusher_nid ${chosen})`),
    query(`delete ${chosen}`),
  ];
}

const removals = {
  one: removal(deleteOne),
  others: removal(deleteOthers),
  ofDevices: removal(deleteOfDevices),
  all: removal(deleteAll),
  mail: removal(deleteMail),
};

function removeStatements(kind: keyof typeof removals, ...params: SqlParam[]): Statement[] {
  return removals[kind].map((each) => statement(each, ...params));
}

export async function readPushersOfUser(reader: Reader, userNid: number): Promise<Pusher[]> {
  return (await reader.all(ofUser, userNid)).map(toPusher);
}

export async function readPusher(reader: Reader, pusherNid: number): Promise<Pusher | undefined> {
  const row = await reader.get(byNid, pusherNid);
  return row === undefined ? undefined : toPusher(row);
}

/** Everybody who has one. */
export async function readPusherOwners(reader: Reader): Promise<number[]> {
  return (await reader.all(owners)).map((row) => row.user_nid);
}

/** Sets a pusher, which is told of what comes after the change's position. */
export function putPusherStatement(pusherNid: number, pusher: NewPusher): Statement {
  return statement(
    put,
    pusherNid,
    pusher.userNid,
    pusher.deviceNid ?? null,
    keyHash(pusher.appId, pusher.pushkey),
    pusher.kind,
    escapeText(pusher.appId),
    escapeText(pusher.pushkey),
    JSON.stringify(pusher.description),
    pusher.isEnabled ? 1 : 0,
    POSITION,
    pusher.pushkeyTs,
  );
}

export function deletePusherStatements(
  userNid: number,
  appId: string,
  pushkey: string,
): Statement[] {
  return removeStatements('one', keyHash(appId, pushkey), userNid);
}

/** Those of other users with the same app and key: the device is another's now. */
export function deletePushersOfOthersStatements(
  userNid: number,
  appId: string,
  pushkey: string,
): Statement[] {
  return removeStatements('others', keyHash(appId, pushkey), userNid);
}

/** Those that were made by devices that the user no longer has. */
export function deletePushersWithoutDeviceStatements(userNid: number): Statement[] {
  return removeStatements('ofDevices', userNid, userNid);
}

export function deletePushersOfUserStatements(userNid: number): Statement[] {
  return removeStatements('all', userNid);
}

/** The one that mails to an address, which the client may have written in capitals. */
export function deleteMailPusherStatements(userNid: number, address: string): Statement[] {
  return removeStatements('mail', userNid, escapeText(address));
}

/** It was told: a number, and nothing more before `nextTs`. */
export function pusherReachedStatement(
  pusherNid: number,
  badge: number | undefined,
  nextTs: number,
): Statement {
  return statement(reached, badge ?? null, nextTs, pusherNid);
}

export function pusherFailedStatement(
  pusherNid: number,
  nextTs: number,
  failures: number,
  failingSinceTs: number,
): Statement {
  return statement(failed, nextTs, failures, failingSinceTs, pusherNid);
}

/** It is looked at again by this time, if not earlier. */
export function hastenPusherStatement(pusherNid: number, nextTs: number): Statement {
  return statement(hasten, nextTs, pusherNid, nextTs);
}

/** A pushkey may be longer than what an index should hold. */
function keyHash(appId: string, pushkey: string): Uint8Array {
  return createHash('sha256')
    .update(JSON.stringify([appId, pushkey]))
    .digest();
}

function toPusher(row: PusherRow): Pusher {
  return {
    pusherNid: row.pusher_nid,
    userNid: row.user_nid,
    deviceId: row.device_id === null ? undefined : unescapeText(row.device_id),
    kind: row.kind,
    appId: unescapeText(row.app_id),
    pushkey: unescapeText(row.pushkey),
    description: JSON.parse(row.json),
    isEnabled: row.enabled === 1,
    pushkeyTs: row.pushkey_ts,
    badge: row.badge ?? undefined,
    nextTs: row.next_ts,
    failures: row.failures,
    failingSinceTs: row.failing_since_ts ?? undefined,
  };
}
