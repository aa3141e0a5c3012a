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
  /** Whether the user ignores the sender, so that nothing notifies. */
  readonly ignores: boolean;
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
    const sets = await ruleSets.of(userNid, roomNid);
    found.set(userNid, { userNid, userId, ruleSets: sets, ignores: false });
  }
  if (nameDependent.length === 0) return [...found.values()];
  const nids = nameDependent.map(({ nid }) => nid);
  const owners = await readUsersOfRuleSets(context.reader, nids);
  for (const userNid of new Set([...owners, ...ruleSets.changing.keys(), ...joining])) {
    if (found.has(userNid)) continue;
    const sets = await ruleSets.of(userNid, roomNid);
    if (!sets.some(({ nid }) => nids.includes(nid))) continue;
    const userId = await names.users.text(userNid);
    found.set(userNid, { userNid, userId, ruleSets: sets, ignores: false });
  }
  return [...found.values()];
}

/** Those who ignore an event's sender. Whether they are in the room is not checked. */
export function findIgnoring(
  { names, ruleSets }: Pick<SingledOutContext, 'names' | 'ruleSets'>,
  roomNid: number,
  userNids: ReadonlySet<number>,
): Promise<SingledOut[]> {
  return Promise.all(
    [...userNids].map(async (userNid) => ({
      userNid,
      userId: await names.users.text(userNid),
      ruleSets: await ruleSets.of(userNid, roomNid),
      ignores: true,
    })),
  );
}
