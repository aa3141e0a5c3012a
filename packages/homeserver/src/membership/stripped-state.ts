import type { JsonObject } from '@soma/protocol';

import type { StateEntry } from '../config/config.ts';
import type { HeadEntry } from '../rooms/head-entry.ts';

export interface StrippedEvent {
  readonly type: string;
  readonly state_key: string;
  readonly sender: string;
  readonly content: JsonObject;
}

/** These entries of a room's state as stripped state, with the member event of the user who invites or knocks. */
export function strippedState(
  state: { get(type: string, stateKey: string): Pick<HeadEntry, 'event'> | undefined },
  entries: readonly StateEntry[],
  senderId: string,
): StrippedEvent[] {
  const member: StateEntry = ['m.room.member', senderId];
  return [...entries, member].flatMap(([type, stateKey]) => {
    const entry = state.get(type, stateKey);
    if (entry === undefined) return [];
    const { sender, content } = entry.event;
    return [{ type, state_key: stateKey, sender, content }];
  });
}
