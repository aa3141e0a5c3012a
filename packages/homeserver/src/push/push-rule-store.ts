import { integerList, POSITION, query, statement } from '../storage/sql.ts';
import type { Reader, Statement } from '../storage/sql.ts';

/** `user_rule_sets.room_nid` of the rules that hold in all rooms without an entry of their own. */
export const ELSEWHERE = 0;

/** `user_rule_sets.rule_set_nid` of a room that has an entry no longer. */
export const AS_ELSEWHERE = -1;

/** Which rule set a user has in a room, or elsewhere, above a position. */
export interface RuleSetEntry {
  readonly roomNid: number;
  readonly fromPosition: number;
  readonly ruleSetNid: number;
}

interface EntryRow {
  readonly room_nid: number;
  readonly from_position: number;
  readonly rule_set_nid: number;
}

const putRules = query(
  `insert into push_rules (user_nid, json, position) values (?, ?, ?)
   on conflict (user_nid) do update set json = excluded.json, position = excluded.position`,
);
const rulesOf = query<{ json: string; position: number }>(
  'select json, position from push_rules where user_nid = ?',
);
const putRuleSet = query(
  'insert into rule_sets (rule_set_nid, hash, json) values (?, ?, ?) on conflict do nothing',
);
const findRuleSet = query<{ rule_set_nid: number }>(
  'select rule_set_nid from rule_sets where hash = ?',
);
const ruleSetJson = query<{ json: string }>('select json from rule_sets where rule_set_nid = ?');
const putEntry = query(
  `insert into user_rule_sets (user_nid, room_nid, from_position, rule_set_nid)
   values (?, ?, ?, ?)`,
);
const entriesOf = query<EntryRow>(
  `select room_nid, from_position, rule_set_nid from user_rule_sets where user_nid = ?
   order by from_position`,
);
const usersOf = query<{ user_nid: number }>(
  'select distinct user_nid from user_rule_sets where rule_set_nid {in}',
);
/** The newest entry for the room, and where it has none, elsewhere. */
const newestEntry = (roomNid: string): string =>
  `(select u.rule_set_nid from user_rule_sets u
    where u.user_nid = m.user_nid and u.room_nid = ${roomNid}
    order by u.from_position desc limit 1)`;
const ruleSetsIn = query<{ rule_set_nid: number }>(
  `select distinct coalesce(nullif(${newestEntry('m.room_nid')}, ${AS_ELSEWHERE}),
     ${newestEntry(String(ELSEWHERE))}, 0) as rule_set_nid
   from memberships m where m.room_nid = ? and m.local = 1 and m.membership = 1`,
);

/** Sets a user's rules at the change's position. */
export function putPushRulesStatement(userNid: number, json: string): Statement {
  return statement(putRules, userNid, json, POSITION);
}

/** JSON text of how a user changed the default rules, and the position at which they last did. */
export function readPushRules(
  reader: Reader,
  userNid: number,
): Promise<{ json: string; position: number } | undefined> {
  return reader.get(rulesOf, userNid);
}

/** Interns a rule set; the second statement gives back its nid. */
export function internRuleSetStatements(
  ruleSetNid: number,
  hash: Uint8Array,
  json: string,
): [Statement, Statement] {
  return [statement(putRuleSet, ruleSetNid, hash, json), statement(findRuleSet, hash)];
}

export async function findRuleSetNid(
  reader: Reader,
  hash: Uint8Array,
): Promise<number | undefined> {
  return (await reader.get(findRuleSet, hash))?.rule_set_nid;
}

export async function readRuleSetJson(
  reader: Reader,
  ruleSetNid: number,
): Promise<string | undefined> {
  return (await reader.get(ruleSetJson, ruleSetNid))?.json;
}

/** The rule set holds above the change's position. */
export function putRuleSetEntryStatement(
  userNid: number,
  roomNid: number,
  ruleSetNid: number,
): Statement {
  return statement(putEntry, userNid, roomNid, POSITION, ruleSetNid);
}

/** All that a user ever had, oldest first; none for one who always had the default rules. */
export async function readRuleSetEntries(reader: Reader, userNid: number): Promise<RuleSetEntry[]> {
  const rows = await reader.all(entriesOf, userNid);
  return rows.map((row) => ({
    roomNid: row.room_nid,
    fromPosition: row.from_position,
    ruleSetNid: row.rule_set_nid,
  }));
}

/** Users who have or had one of these rule sets somewhere. */
export async function readUsersOfRuleSets(
  reader: Reader,
  ruleSetNids: readonly number[],
): Promise<number[]> {
  const rows = await reader.all(usersOf, integerList(ruleSetNids));
  return rows.map((row) => row.user_nid);
}

/** The rule sets of a room's joined local members, each once. */
export async function readRuleSetsIn(reader: Reader, roomNid: number): Promise<number[]> {
  return (await reader.all(ruleSetsIn, roomNid)).map((row) => row.rule_set_nid);
}
