import type { JsonObject } from '@soma/protocol';

import type { HeadEntry } from '../rooms/head-entry.ts';

/** What someone invited or knocking is shown of the room (CS API, "Stripped state"). */
export const STRIPPED_STATE_KEYS: readonly (readonly [type: string, stateKey: string])[] = [
  ['m.room.create', ''],
  ['m.room.name', ''],
  ['m.room.avatar', ''],
  ['m.room.topic', ''],
  ['m.room.join_rules', ''],
  ['m.room.canonical_alias', ''],
  ['m.room.encryption', ''],
];

export interface StrippedEvent {
  readonly type: string;
  readonly state_key: string;
  readonly sender: string;
  readonly content: JsonObject;
}

/** The stripped state of a room, with the member event of the user who invites or knocks. */
export function strippedState(
  state: { get(type: string, stateKey: string): Pick<HeadEntry, 'event'> | undefined },
  senderId: string,
): StrippedEvent[] {
  const keys = [...STRIPPED_STATE_KEYS, ['m.room.member', senderId] as const];
  return keys.flatMap(([type, stateKey]) => {
    const entry = state.get(type, stateKey);
    if (entry === undefined) return [];
    const { sender, content } = entry.event;
    return [{ type, state_key: stateKey, sender, content }];
  });
}
