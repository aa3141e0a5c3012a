import type { JsonObject } from '@soma/protocol';

import { readCounts, readHeroes } from '../membership/membership-store.ts';
import type { SyncPass } from './sync-context.ts';

/** CS API, `m.heroes`: "the first 5 members of the room". */
const HEROES_MAX = 5;

/** What a client needs to name a room that has no name. */
export interface RoomSummary {
  readonly heroIds: readonly string[];
  readonly json: JsonObject;
}

/** The summary of a room for its viewer (CS API, `RoomSummary`). */
export async function readSummary(pass: SyncPass, roomNid: number): Promise<RoomSummary> {
  const { reader, viewer, context } = pass;
  const counts = await readCounts(reader, roomNid);
  const heroNids = await readHeroes(reader, roomNid, viewer.userNid, HEROES_MAX);
  const heroIds: string[] = [];
  for (const nid of heroNids) heroIds.push(await context.rooms.names.users.text(nid));
  return {
    heroIds,
    json: {
      'm.heroes': [...heroIds],
      'm.joined_member_count': counts.joined,
      'm.invited_member_count': counts.invited,
    },
  };
}
