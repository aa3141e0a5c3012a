import { matchesEvent } from '@soma/protocol';
import type { JsonObject } from '@soma/protocol';

import { ChangeKind } from '../storage/change.ts';
import type { SyncPass } from './sync-context.ts';

/** The most users whose presence one answer tells; there is no promise that presence is complete. */
const USERS_MAX = 2_000;

/**
 * The `m.presence` events of users that share a room with the viewer (CS API, "Presence"): what changed above the
 * counter that the client has seen, and those who came into its sight since.
 */
export async function readPresence(
  pass: SyncPass,
  counterSeen: number | undefined,
): Promise<JsonObject[]> {
  const { context, reader, viewer, filter } = pass;
  const { presence } = context.sources;
  const candidates = candidatesOf(pass, counterSeen);
  if (candidates.length === 0) return [];
  const events: JsonObject[] = [];
  for (const userNid of await presence.sharing(reader, viewer.userNid, candidates)) {
    const content = presence.contentOf(userNid);
    if (content === undefined) continue;
    const sender = await context.rooms.names.users.text(userNid);
    const event = { type: 'm.presence', sender, content };
    if (matchesEvent(filter.presence, event)) events.push(event);
  }
  return events;
}

/** Of whom there may be something to tell, the newest first where they are too many. */
function candidatesOf(pass: SyncPass, counterSeen: number | undefined): number[] {
  const { presence } = pass.context.sources;
  const changed = counterSeen === undefined ? undefined : presence.changedSince(counterSeen);
  const inSight = pass.since < 0 ? undefined : cameIntoSight(pass);
  const candidates =
    changed === undefined || inSight === undefined
      ? new Set(presence.knownUsers())
      : new Set([...changed, ...inSight]);
  return [...candidates].slice(0, USERS_MAX);
}

/** Users that may share a room only now; undefined where that may be all, the viewer having joined one. */
function cameIntoSight({ context, since, viewer }: SyncPass): Set<number> | undefined {
  const moved = new Set<number>();
  const complete = context.recent.some(since, (kind, subject) => {
    if (kind === ChangeKind.membership) moved.add(subject);
    return false;
  });
  return complete === undefined || moved.has(viewer.userNid) ? undefined : moved;
}
