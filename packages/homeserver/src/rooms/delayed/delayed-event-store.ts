import type { JsonObject } from '@soma/protocol';

import { escapeText, unescapeText } from '../../storage/escape-text.ts';
import { POSITION, query, statement } from '../../storage/sql.ts';
import type { Reader, Statement } from '../../storage/sql.ts';

interface Row {
  readonly delay_id: string;
  readonly user_nid: number;
  readonly device_nid: number | null;
  readonly room_nid: number;
  readonly type: string;
  readonly state_key: string | null;
  readonly content: string;
  readonly delay_ms: number;
  readonly running_since_ts: number;
  readonly position: number;
}

const columns = `delay_id, user_nid, device_nid, room_nid, type, state_key, content, delay_ms,
  running_since_ts, position`;
const insert = query(
  `insert into delayed_events (${columns}, send_ts) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
);
const remove = query('delete from delayed_events where delay_id = ? returning delay_id');
const restart = query(
  `update delayed_events set running_since_ts = ?, send_ts = delay_ms + ? where delay_id = ?
   returning delay_id`,
);
const hurry = query('update delayed_events set send_ts = 0 where delay_id = ? returning delay_id');
const one = query<Row>(`select ${columns} from delayed_events where delay_id = ?`);
const due = query<Row>(
  `select ${columns} from delayed_events where send_ts <= ? order by send_ts limit ?`,
);
const next = query<{ send_ts: number }>(
  'select send_ts from delayed_events order by send_ts limit 1',
);
const ofUser = query<Row>(
  `select ${columns} from delayed_events where user_nid = ? order by send_ts limit ?`,
);

/** An event that is to be sent later. */
export interface DelayedEvent {
  readonly delayId: string;
  readonly userNid: number;
  readonly deviceNid: number | undefined;
  readonly roomNid: number;
  readonly type: string;
  readonly stateKey: string | undefined;
  readonly content: JsonObject;
  readonly delayMs: number;
  readonly runningSinceTs: number;
  /** Of the clock, when it was scheduled. */
  readonly position: number;
}

export function insertDelayedStatement(event: Omit<DelayedEvent, 'position'>): Statement {
  return statement(
    insert,
    event.delayId,
    event.userNid,
    event.deviceNid ?? null,
    event.roomNid,
    escapeText(event.type),
    event.stateKey === undefined ? null : escapeText(event.stateKey),
    JSON.stringify(event.content),
    event.delayMs,
    event.runningSinceTs,
    POSITION,
    event.runningSinceTs + event.delayMs,
  );
}

/** Gives back a row where there was such an event. */
export function deleteDelayedStatement(delayId: string): Statement {
  return statement(remove, escapeText(delayId));
}

/** Has it wait anew from `nowMs` on; gives back a row where there is such an event. */
export function restartDelayedStatement(delayId: string, nowMs: number): Statement {
  return statement(restart, nowMs, nowMs, escapeText(delayId));
}

/** Makes it due; gives back a row where there is such an event. */
export function hurryDelayedStatement(delayId: string): Statement {
  return statement(hurry, escapeText(delayId));
}

export async function readDelayedEvent(
  reader: Reader,
  delayId: string,
): Promise<DelayedEvent | undefined> {
  const row = await reader.get(one, escapeText(delayId));
  return row === undefined ? undefined : toEvent(row);
}

export async function readDueEvents(
  reader: Reader,
  nowMs: number,
  limit: number,
): Promise<DelayedEvent[]> {
  return (await reader.all(due, nowMs, limit)).map(toEvent);
}

/** When the next one is due. */
export async function readNextDue(reader: Reader): Promise<number | undefined> {
  return (await reader.get(next))?.send_ts;
}

export async function readDelayedOfUser(
  reader: Reader,
  userNid: number,
  limit: number,
): Promise<DelayedEvent[]> {
  return (await reader.all(ofUser, userNid, limit)).map(toEvent);
}

function toEvent(row: Row): DelayedEvent {
  const content: JsonObject = JSON.parse(row.content);
  return {
    delayId: row.delay_id,
    userNid: row.user_nid,
    deviceNid: row.device_nid ?? undefined,
    roomNid: row.room_nid,
    type: unescapeText(row.type),
    stateKey: row.state_key === null ? undefined : unescapeText(row.state_key),
    content,
    delayMs: row.delay_ms,
    runningSinceTs: row.running_since_ts,
    position: row.position,
  };
}
