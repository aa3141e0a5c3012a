import {
  type EditedPushRules,
  NO_PUSH_RULE_CHANGES,
  type PushRuleChanges,
  checkLaxJson,
  parsePushRuleChanges,
  parseRoomId,
  pushRulesKey,
} from '@soma/protocol';

import { MatrixError, badJson, tooLarge } from '../errors/matrix-error.ts';
import { readMembershipsOfUser } from '../membership/membership-store.ts';
import { ChangeKind } from '../storage/change.ts';
import { write } from '../storage/database.ts';
import type { Reader } from '../storage/sql.ts';
import { pushRulesJsonLengthMax } from './limits.ts';
import { narrowToRooms } from './narrowed-rules.ts';
import {
  AS_ELSEWHERE,
  ELSEWHERE,
  putPushRulesStatement,
  putRuleSetEntryStatement,
  readPushRules,
} from './push-rule-store.ts';
import type { PushRules } from './push-rules.ts';
import { ruleSetIn } from './rule-sets.ts';
import type { RuleSetsByRoom } from './rule-sets.ts';

/** What is to become of a user's rules: a function of what they are. */
export type PushRuleEdit = (changes: PushRuleChanges) => EditedPushRules;

/**
 * Changes a user's push rules. Events above the position that it resolves to are judged by the new rules, the
 * others by the old ones; 0 when the rules stayed as they were. Throws `MatrixError` with the edit's problem.
 */
export async function changePushRules(
  push: PushRules,
  userNid: number,
  edit: PushRuleEdit,
): Promise<number> {
  const before = push.queues.get(userNid);
  const run = (): Promise<number> => applyEdit(push, userNid, edit);
  const result = before === undefined ? run() : before.then(run);
  const done = result.catch(() => undefined);
  push.queues.set(userNid, done);
  try {
    return await result;
  } finally {
    if (push.queues.get(userNid) === done) push.queues.delete(userNid);
  }
}

/** A user's rules as their difference from the default ones. */
export async function readPushRuleChanges(
  reader: Reader,
  userNid: number,
): Promise<PushRuleChanges> {
  const row = await readPushRules(reader, userNid);
  return row === undefined ? NO_PUSH_RULE_CHANGES : parsePushRuleChanges(JSON.parse(row.json));
}

async function applyEdit(push: PushRules, userNid: number, edit: PushRuleEdit): Promise<number> {
  const { rooms, ruleSets } = push;
  const before = await readPushRuleChanges(rooms.database.reader, userNid);
  const edited = edit(before);
  if (!edited.ok) throw refusal(edited.problem);
  const after = edited.changes;
  const json = checkedJson(after);
  if (pushRulesKey(before) === pushRulesKey(after)) return 0;
  const changed = await changedRuleSets(push, userNid, before, after);
  const next = new Map([...(await ruleSets.byRoom(userNid)), ...changed]);
  ruleSets.beginChange(userNid, next);
  let isCommitted = false;
  try {
    await includeInRooms(push, userNid, next, [...changed.keys()]);
    const { position } = await write(rooms.database, {
      statements: [
        putPushRulesStatement(userNid, json),
        ...[...changed].map(([roomNid, nid]) => putRuleSetEntryStatement(userNid, roomNid, nid)),
      ],
      positions: 1,
      touches: [{ kind: ChangeKind.userData, subject: userNid }],
    });
    isCommitted = true;
    return position;
  } finally {
    ruleSets.endChange(userNid, isCommitted);
  }
}

function refusal(problem: Extract<EditedPushRules, { ok: false }>['problem']): MatrixError {
  const status = problem.errcode === 'M_NOT_FOUND' ? 404 : 400;
  return new MatrixError(status, problem.errcode, problem.reason);
}

/** Rules are compared and shared by their canonical JSON. */
function checkedJson(changes: PushRuleChanges): string {
  if (checkLaxJson(changes) !== undefined) {
    throw badJson('A push rule is nested too deeply');
  }
  const json = JSON.stringify(changes);
  if (json.length > pushRulesJsonLengthMax) throw tooLarge('These are too many push rules');
  return json;
}

/** Rule set nids of the rooms, and of all others, in which the change makes a difference. */
async function changedRuleSets(
  { rooms, ruleSets }: PushRules,
  userNid: number,
  before: PushRuleChanges,
  after: PushRuleChanges,
): Promise<Map<number, number>> {
  const old = narrowToRooms(before);
  const now = narrowToRooms(after);
  const changed = new Map<number, number>();
  if (old.elsewhere.key !== now.elsewhere.key) {
    changed.set(ELSEWHERE, await ruleSets.intern(now.elsewhere.rules));
  }
  for (const roomId of new Set([...old.rooms.keys(), ...now.rooms.keys()])) {
    const rules = now.rooms.get(roomId);
    // A rule may name any text; what is too long is no room, and no index of the database holds it.
    if (rules?.key === old.rooms.get(roomId)?.key || parseRoomId(roomId) === undefined) continue;
    const nid = rules === undefined ? AS_ELSEWHERE : await ruleSets.intern(rules.rules);
    changed.set(await rooms.names.rooms.intern(roomId), nid);
  }
  return changed;
}

/** Has every room in which the rules change evaluate the next ones, before any event comes above the change. */
async function includeInRooms(
  { rooms, ruleSets, unread }: PushRules,
  userNid: number,
  next: RuleSetsByRoom,
  changedIn: readonly number[],
): Promise<void> {
  const memberships = await readMembershipsOfUser(rooms.database.reader, userNid);
  const joined = memberships.flatMap(({ roomNid, membership }) =>
    membership === 'join' ? [roomNid] : [],
  );
  const isEverywhere = changedIn.includes(ELSEWHERE);
  const concerned = new Set([...joined, ...unread.roomsBeingJoined(userNid)]);
  await Promise.all(
    [...concerned]
      .filter((roomNid) => isEverywhere || changedIn.includes(roomNid))
      .map(async (roomNid) => {
        const ruleSet = await ruleSets.get(ruleSetIn(next, roomNid));
        await unread.include(rooms.heads, roomNid, [ruleSet]);
      }),
  );
}
