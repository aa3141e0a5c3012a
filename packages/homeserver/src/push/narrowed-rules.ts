import { type PushRuleChanges, narrowToRoom, parseRoomId, pushRulesKey } from '@soma/protocol';

/** No room has this ID: rules narrowed to it are those of all rooms that no rule names. */
const UNNAMED_ROOM = '';

/** A user's rules as far as they matter somewhere, with their key. */
export interface NarrowedRules {
  readonly rules: PushRuleChanges;
  readonly key: string;
}

/** A user's rules taken apart by room. */
export interface RulesByRoom {
  /** By room ID; only rooms that a rule names, and where that makes a difference. */
  readonly rooms: ReadonlyMap<string, NarrowedRules>;
  readonly elsewhere: NarrowedRules;
}

export function narrowToRooms(changes: PushRuleChanges): RulesByRoom {
  const elsewhere = narrowed(changes, UNNAMED_ROOM);
  const rooms = new Map<string, NarrowedRules>();
  for (const roomId of namedRooms(changes)) {
    const rules = narrowed(changes, roomId);
    if (rules.key !== elsewhere.key) rooms.set(roomId, rules);
  }
  return { rooms, elsewhere };
}

function narrowed(changes: PushRuleChanges, roomId: string): NarrowedRules {
  const rules = narrowToRoom(changes, roomId);
  return { rules, key: pushRulesKey(rules) };
}

function namedRooms({ custom }: PushRuleChanges): Set<string> {
  const named = new Set<unknown>((custom.room ?? []).map((rule) => rule.rule_id));
  for (const rule of Object.values(custom).flat()) {
    for (const { key, pattern, value } of rule.conditions ?? []) {
      if (key === 'room_id') named.add(pattern).add(value);
    }
  }
  const roomIds = new Set<string>();
  for (const text of named) {
    const roomId = typeof text === 'string' ? parseRoomId(text) : undefined;
    if (roomId !== undefined) roomIds.add(roomId);
  }
  return roomIds;
}
