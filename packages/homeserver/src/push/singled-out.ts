import type { InternedNames } from '../storage/names-store.ts';
import type { Reader } from '../storage/sql.ts';
import { singledOutMax } from './limits.ts';
import { readUsersOfRuleSets } from './push-rule-store.ts';
import type { RuleSet, RuleSets } from './rule-sets.ts';

/** Somebody for whom an event may mean more than for others with the same rules. */
export interface SingledOut {
  readonly userNid: number;
  readonly userId: string;
  readonly ruleSets: readonly RuleSet[];
}

interface SingledOutContext {
  readonly reader: Reader;
  readonly names: InternedNames;
  readonly ruleSets: RuleSets;
}

/**
 * Local users whom an event names, and those with a rule set that looks for the display name. `joining` are users
 * of whom the database may not know yet that they are in the room. Whether they all are is not checked.
 */
export async function findSingledOut(
  context: SingledOutContext,
  roomNid: number,
  named: readonly string[],
  nameDependent: readonly RuleSet[],
  joining: readonly number[],
): Promise<SingledOut[]> {
  const { names, ruleSets } = context;
  const found = new Map<number, SingledOut>();
  for (const userId of named.slice(0, singledOutMax)) {
    const userNid = await names.users.find(userId);
    if (userNid === undefined) continue;
    found.set(userNid, { userNid, userId, ruleSets: await ruleSets.of(userNid, roomNid) });
  }
  if (nameDependent.length === 0) return [...found.values()];
  const nids = nameDependent.map(({ nid }) => nid);
  const owners = await readUsersOfRuleSets(context.reader, nids);
  for (const userNid of new Set([...owners, ...ruleSets.changing.keys(), ...joining])) {
    if (found.has(userNid)) continue;
    const sets = await ruleSets.of(userNid, roomNid);
    if (!sets.some(({ nid }) => nids.includes(nid))) continue;
    found.set(userNid, { userNid, userId: await names.users.text(userNid), ruleSets: sets });
  }
  return [...found.values()];
}
