import { authEventKeys, roomVersion } from '@soma/protocol';
import type { JsonObject, RoomVersion } from '@soma/protocol';

import { MemoryRoom } from '../../packages/protocol/testing/state-resolution/memory-room.ts';
import { placeAt, placeOf } from '../../packages/protocol/testing/state-resolution/room-event.ts';
import type {
  RoomEvent,
  RoomState,
} from '../../packages/protocol/testing/state-resolution/room-event.ts';

/** A room and states of it that are to be resolved. */
export interface Conflict {
  readonly room: MemoryRoom;
  readonly states: readonly RoomState[];
}

type Content = readonly [type: string, stateKey: string, sender: string, content: JsonObject];

const admin = '@admin:example.org';
const moderators = ['@mod0:example.org', '@mod1:example.org'] as const;
const user = (index: number): string => `@user${index}:example.org`;

/** A branch of a room: every event is authorised by the state so far, and becomes part of it. */
class Branch {
  readonly room: MemoryRoom;
  readonly #events: Map<string, RoomEvent>;
  readonly state: Map<string, string>;

  constructor(
    room: MemoryRoom,
    events = new Map<string, RoomEvent>(),
    state: RoomState = new Map(),
  ) {
    this.room = room;
    this.#events = events;
    this.state = new Map(state);
  }

  fork(): Branch {
    return new Branch(this.room, this.#events, this.state);
  }

  send(...[type, stateKey, sender, content]: Content): void {
    const count = this.#events.size;
    const keys = authEventKeys({ type, state_key: stateKey, sender, content }, this.room.version);
    const event: RoomEvent = {
      eventId: `$${(count * 7919) % 1_000_003}-${count}`,
      type,
      state_key: stateKey,
      sender,
      content,
      ...(type === 'm.room.create' ? {} : { room_id: '!0-0' }),
      prev_events: [this.#events.size === 1 ? '$0-0' : `$before-${count}`],
      auth_events: keys.flatMap(([type_, key]) => this.state.get(placeAt(type_, key)) ?? []),
      depth: count,
      origin_server_ts: 1_700_000_000_000 + count,
    };
    this.#events.set(event.eventId, event);
    this.room.add(event);
    this.state.set(placeOf(event), event.eventId);
  }

  setMember(target: string, membership: string, sender = target, name = 'Name'): void {
    this.send('m.room.member', target, sender, { membership, displayname: name });
  }
}

/** A public room with an admin, two moderators and so many state events in all. */
function newRoom(versionId: string, stateCount: number): Branch {
  const version: RoomVersion | undefined = roomVersion(versionId);
  if (version === undefined) throw new Error(`no room version ${versionId}`);
  const branch = new Branch(new MemoryRoom(version));
  branch.send('m.room.create', '', admin, { room_version: versionId });
  branch.setMember(admin, 'join');
  const users = { [moderators[0]]: 50, [moderators[1]]: 50 };
  branch.send('m.room.power_levels', '', admin, {
    users: version.creatorsHaveInfinitePower ? users : { ...users, [admin]: 100 },
  });
  branch.send('m.room.join_rules', '', admin, { join_rule: 'public' });
  for (const moderator of moderators) branch.setMember(moderator, 'join');
  for (let index = 0; branch.state.size < stateCount; index += 1) {
    branch.setMember(user(index), 'join');
  }
  return branch;
}

/** Branches that each change so many entries: a third bans, a third new names, a third departures. */
export function forkedRoom(
  versionId: string,
  stateCount: number,
  forkCount: number,
  changeCount: number,
): Conflict {
  const trunk = newRoom(versionId, stateCount);
  const forks = Array.from({ length: forkCount }, () => trunk.fork());
  for (const [fork, branch] of forks.entries()) {
    for (let index = 0; index < changeCount; index += 1) {
      const target = user(fork * changeCount + index);
      if (index % 3 === 0) {
        // Superseded at once, so that the auth difference is more than the states' own events.
        branch.setMember(target, 'leave');
        branch.setMember(target, 'ban', moderators[fork % 2]);
      } else if (index % 3 === 1) branch.setMember(target, 'join', target, `Name ${fork}`);
      else branch.setMember(target, 'leave');
    }
  }
  return { room: trunk.room, states: forks.map(({ state }) => state) };
}

/** Two moderators ban and unban the same few users over and over, on two branches. */
export function banWar(versionId: string, eventCount: number): Conflict {
  const trunk = newRoom(versionId, 100);
  const forks = [trunk.fork(), trunk.fork()];
  for (const [fork, branch] of forks.entries()) {
    for (let index = 0; index < eventCount / 2; index += 1) {
      const isBan = Math.floor(index / 5) % 2 === 0;
      branch.setMember(user(index % 5), isBan ? 'ban' : 'leave', moderators[fork]);
    }
  }
  return { room: trunk.room, states: forks.map(({ state }) => state) };
}
