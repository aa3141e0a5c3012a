import type { PrejoinState, StateEntry } from '../config/config.ts';
import type { RoomHead } from './room-head.ts';

/** Loads what is shown of a room, with the members named; resolves to the entries, of which some may not be there. */
export async function loadPrejoinState(
  head: RoomHead,
  { entries, types }: PrejoinState,
  memberIds: readonly string[],
): Promise<readonly StateEntry[]> {
  const ofTypes: StateEntry[] = [];
  for (const type of types) {
    for (const stateKey of await head.stateKeysOf(type)) ofTypes.push([type, stateKey]);
  }
  const members = memberIds.map((userId): StateEntry => ['m.room.member', userId]);
  await head.load([...entries, ...ofTypes, ...members]);
  return withoutRepeats([...entries, ...ofTypes]);
}

function withoutRepeats(entries: readonly StateEntry[]): StateEntry[] {
  return [...new Map(entries.map((entry) => [entry.join('\n'), entry])).values()];
}
