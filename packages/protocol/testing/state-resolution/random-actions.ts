import type { JsonObject } from '../../src/canonical-json.ts';
import type { RoomVersion } from '../../src/room-versions/types.ts';
import type { Random } from './random.ts';

/** What somebody does in a room, before it has a place in it. */
export interface Action {
  readonly type: string;
  readonly state_key?: string;
  readonly sender: string;
  readonly content: JsonObject;
}

/** The users of random rooms. The first one creates them. */
export const USERS = [
  '@alice:a.example',
  '@bob:b.example',
  '@carol:a.example',
  '@dave:c.example',
  '@erin:b.example',
  '@frank:c.example',
] as const;

export const CREATOR = USERS[0];

const LEVELS = [0, 0, 25, 50, 50, 75, 100] as const;

/** How a room begins. */
export function firstActions(random: Random, version: RoomVersion): Action[] {
  const additional = version.creators === 'sender-and-additional' && random.chance(30);
  return [
    state('m.room.create', '', CREATOR, {
      room_version: version.id,
      ...(version.creators === 'content-creator' ? { creator: CREATOR } : {}),
      ...(additional ? { additional_creators: [USERS[1]] } : {}),
    }),
    state('m.room.member', CREATOR, CREATOR, { membership: 'join' }),
    state('m.room.power_levels', '', CREATOR, levelsWith({}, version)),
    state('m.room.join_rules', '', CREATOR, { join_rule: 'public' }),
  ];
}

/** What somebody tries next; some of it is not allowed. */
export function randomAction(
  random: Random,
  version: RoomVersion,
  contentOf: Scene['contentOf'],
): Action {
  const joined = USERS.filter(
    (user) => contentOf('m.room.member', user)?.['membership'] === 'join',
  );
  const sender = (random.chance(85) ? random.pick(joined) : undefined) ?? random.pick(USERS);
  const other = random.pick(USERS);
  const act = random.pick(ACTS);
  return act({ random, version, sender, other, contentOf });
}

interface Scene {
  readonly random: Random;
  readonly version: RoomVersion;
  readonly sender: string;
  readonly other: string;
  /** The content of a state event, empty state key by default. */
  readonly contentOf: (type: string, stateKey?: string) => JsonObject | undefined;
}

const join = ({ other }: Scene): Action => membership('join', other, other);
const leave = ({ sender }: Scene): Action => membership('leave', sender, sender);
const ban = ({ sender, other }: Scene): Action => membership('ban', sender, other);
const kick = ({ sender, other }: Scene): Action => membership('leave', sender, other);
const invite = ({ sender, other }: Scene): Action => membership('invite', sender, other);
const knock = ({ other, version }: Scene): Action =>
  version.knocking ? membership('knock', other, other) : membership('join', other, other);

const setLevels = ({ random, version, sender, other, contentOf }: Scene): Action => {
  const { users } = contentOf('m.room.power_levels') ?? {};
  const before = typeof users === 'object' && users !== null && !Array.isArray(users) ? users : {};
  const level = random.pick(LEVELS);
  return state(
    'm.room.power_levels',
    '',
    sender,
    levelsWith({ ...before, [other]: level }, version),
  );
};

const setJoinRule = ({ random, version, sender }: Scene): Action =>
  state('m.room.join_rules', '', sender, {
    join_rule: random.pick(['public', 'public', 'invite', version.knocking ? 'knock' : 'invite']),
  });

const setTopic = ({ random, sender }: Scene): Action =>
  state('m.room.topic', '', sender, { topic: `topic ${random.below(1000)}` });

const setName = ({ random, sender }: Scene): Action =>
  state('m.room.name', '', sender, { name: `name ${random.below(1000)}` });

const say = ({ random, sender }: Scene): Action => ({
  type: 'm.room.message',
  sender,
  content: { msgtype: 'm.text', body: `message ${random.below(1000)}` },
});

type Act = (scene: Scene) => Action;

/** What is listed more often is done more often. */
const ACTS: readonly [Act, ...Act[]] = [
  join,
  ...[join, join, leave, ban, ban, kick, invite, knock],
  ...[setLevels, setLevels, setLevels, setJoinRule, setJoinRule, setTopic, setName, say],
];

function levelsWith(users: JsonObject, version: RoomVersion): JsonObject {
  const { [CREATOR]: _creator, ...others } = users;
  return {
    users: version.creatorsHaveInfinitePower ? others : { ...others, [CREATOR]: 100 },
    invite: 25,
    state_default: 25,
  };
}

function membership(value: string, sender: string, target: string): Action {
  return state('m.room.member', target, sender, { membership: value });
}

function state(type: string, stateKey: string, sender: string, content: JsonObject): Action {
  return { type, state_key: stateKey, sender, content };
}
