import fc from 'fast-check';

import {
  type EditedPushRules,
  type PushRuleChanges,
  deletePushRule,
  putPushRule,
  setPushRuleActions,
  setPushRuleEnabled,
} from '@soma/protocol';

/** How often each kind of step comes. */
const anyKinds = {
  ...{ message: 3, mention: 2, roomMention: 3, thread: 3, reaction: 1, edit: 1, notice: 1 },
  ...{ encrypted: 1, state: 1, levels: 2, redact: 2, join: 2, leave: 1, kick: 1, invite: 1 },
  ...{ profile: 2, forgetHead: 1, unknownReceipt: 1, receipt: 2, mainReceipt: 1 },
  ...{ threadReceipt: 2, rules: 3, toggle: 1, pair: 1 },
};

/** Where one thing happens after the other: also events that come after what relates to them. */
export const orderedKinds = { ...anyKinds, late: 3 };

export type StepKind = keyof typeof orderedKinds;

/** One step of a history; numbers are taken modulo what there is to choose from. */
export interface Step {
  readonly kind: StepKind;
  readonly user: number;
  readonly other: number;
  readonly room: number;
  readonly pick: number;
  readonly isPrivate: boolean;
}

/** Anything that can happen, or only what is named, so often. */
export function randomStep(
  kinds: Readonly<Partial<Record<StepKind, number>>> = anyKinds,
): fc.Arbitrary<Step> {
  const kind = stepKinds(Object.keys(kinds)).map((name) => ({
    weight: kinds[name] ?? 0,
    arbitrary: fc.constant(name),
  }));
  return fc.record({
    kind: fc.oneof(...kind),
    user: fc.nat(99),
    other: fc.nat(99),
    room: fc.nat(1),
    pick: fc.nat(999),
    isPrivate: fc.boolean(),
  });
}

function stepKinds(names: readonly string[]): StepKind[] {
  return names.filter((name): name is StepKind => Object.hasOwn(orderedKinds, name));
}

/** The type of the event that a step sends. */
export function typeOf({ kind }: Step): string {
  switch (kind) {
    case 'reaction':
      return 'm.reaction';
    case 'encrypted':
      return 'm.room.encrypted';
    case 'state':
      return 'm.room.topic';
    case 'levels':
      return 'm.room.power_levels';
    default:
      return 'm.room.message';
  }
}

const HIGHLIGHT = { set_tweak: 'highlight' };

/** A change that makes itself felt with the next message in the room. */
export function toggle(changes: PushRuleChanges, pick: number, roomId: string): EditedPushRules {
  const isOn = pick % 2 === 0;
  switch (pick % 5) {
    case 0:
      return setPushRuleEnabled(changes, 'override', '.m.rule.master', isOn);
    case 1:
      return setPushRuleEnabled(changes, 'underride', '.m.rule.message', isOn);
    case 2:
      return setPushRuleEnabled(changes, 'override', '.m.rule.is_user_mention', isOn);
    case 3:
      return deletePushRule(changes, 'room', roomId);
    default:
      return putPushRule(changes, 'room', roomId, { actions: isOn ? [] : ['notify', HIGHLIGHT] });
  }
}

/** One of the changes that clients make. */
export function edit(
  changes: PushRuleChanges,
  pick: number,
  names: { readonly roomId: string; readonly elsewhere: string; readonly user: string },
): EditedPushRules {
  const { roomId, elsewhere, user } = names;
  const inOtherRoom = { kind: 'event_match', key: 'room_id', pattern: elsewhere };
  const byName = {
    actions: ['notify', HIGHLIGHT],
    conditions: [{ kind: 'contains_display_name' }],
  };
  const inFew = {
    actions: pick % 2 === 0 ? ['notify', HIGHLIGHT] : [],
    conditions: [{ kind: 'room_member_count', is: '<4' }],
  };
  const edits: (() => EditedPushRules)[] = [
    () => putPushRule(changes, 'room', roomId, { actions: [] }),
    () => putPushRule(changes, 'room', roomId, { actions: ['notify', HIGHLIGHT] }),
    () => deletePushRule(changes, 'room', roomId),
    () => putPushRule(changes, 'override', 'mute', { actions: [], conditions: [inOtherRoom] }),
    () => deletePushRule(changes, 'override', 'mute'),
    () =>
      putPushRule(changes, 'content', 'cake', { actions: ['notify', HIGHLIGHT], pattern: 'cake' }),
    () => deletePushRule(changes, 'content', 'cake'),
    () => putPushRule(changes, 'sender', user, { actions: [] }),
    () => setPushRuleActions(changes, 'underride', '.m.rule.encrypted', []),
    () => setPushRuleActions(changes, 'override', '.m.rule.reaction', ['notify']),
    () => putPushRule(changes, 'underride', 'my-name', byName),
    () => putPushRule(changes, 'override', 'my-name', byName),
    () => putPushRule(changes, 'override', 'my-name', byName),
    () => deletePushRule(changes, 'override', 'my-name'),
    () => putPushRule(changes, 'override', 'few', inFew),
    () => deletePushRule(changes, 'override', 'few'),
    () => toggle(changes, pick, roomId),
  ];
  return edits[pick % edits.length]?.() ?? { ok: true, changes };
}
