import { isJsonObject } from '@soma/protocol';
import type { JsonObject } from '@soma/protocol';

import { whisper } from './devices.ts';
import type { Whisper } from './devices.ts';
import { DEVICE_ID, roomPath } from './person.ts';
import type { Answer, Person } from './person.ts';
import type { Random } from './random.ts';

/** Where people act. */
export interface Stage {
  readonly random: Random;
  /** Those that people make are added. */
  readonly rooms: string[];
  /** They do as they like. */
  readonly actors: readonly Person[];
  readonly servers: readonly string[];
  /** Events that were sent so far, by room. */
  readonly sent: Map<string, string[]>;
  readonly whispers: Whisper[];
  readonly acts: Acts;
}

type Act = (stage: Stage, actor: Person, roomId: string) => Promise<Answer | void>;

type Acts = Readonly<Record<string, { readonly weight: number; readonly act: Act }>>;

const levels = [0, 0, 25, 50, 50, 75, 100];
const rules = ['public', 'public', 'invite', 'knock'];

export const usualActs: Acts = {
  message: {
    weight: 10,
    act: (stage, actor, roomId) => actor.sendMessage(roomId, `text ${stage.random.below(1000)}`),
  },
  topic: {
    weight: 4,
    act: (stage, actor, roomId) =>
      actor.setState(roomId, 'm.room.topic', '', { topic: `topic ${stage.random.below(1000)}` }),
  },
  custom: {
    weight: 3,
    act: (stage, actor, roomId) =>
      actor.setState(roomId, 'test.state', `key ${stage.random.below(3)}`, {
        value: stage.random.below(1000),
      }),
  },
  levels: { weight: 4, act: changeLevels },
  rules: {
    weight: 2,
    act: ({ random }, actor, roomId) =>
      actor.setState(roomId, 'm.room.join_rules', '', { join_rule: random.pick(rules) }),
  },
  join: {
    weight: 8,
    act: ({ random, servers }, actor, roomId) =>
      actor.joinVia(roomId, [random.pick(servers), random.pick(servers)]),
  },
  leave: {
    weight: 3,
    act: (_, actor, roomId) => actor.ask('POST', `${roomPath(roomId)}/leave`, {}),
  },
  knock: {
    weight: 1,
    act: ({ random, servers }, actor, roomId) =>
      actor.ask('POST', `/knock/${encodeURIComponent(roomId)}?via=${random.pick(servers)}`, {}),
  },
  invite: { weight: 3, act: (stage, actor, roomId) => aim('invite', stage, actor, roomId) },
  kick: { weight: 2, act: (stage, actor, roomId) => aim('kick', stage, actor, roomId) },
  ban: { weight: 4, act: (stage, actor, roomId) => aim('ban', stage, actor, roomId) },
  unban: { weight: 3, act: (stage, actor, roomId) => aim('unban', stage, actor, roomId) },
  redact: { weight: 3, act: redact },
};

const roomsMax = 6;
const versionsToUpgradeTo = ['8', '10', '11', '12'];
const restrictedRules = ['restricted', 'restricted', 'knock_restricted'];

/**
 * The usual ones, rooms that let in the members of others, rooms that are replaced, receipts, typing, messages to devices
 * and new names of these.
 */
export const wideActs: Acts = {
  ...usualActs,
  restrict: {
    weight: 3,
    act: ({ random, rooms }, actor, roomId) =>
      actor.setState(roomId, 'm.room.join_rules', '', {
        join_rule: random.pick(restrictedRules),
        allow: [{ type: 'm.room_membership', room_id: random.pick(rooms) }],
      }),
  },
  upgrade: { weight: 2, act: upgrade },
  read: { weight: 6, act: read },
  type: {
    weight: 3,
    act: ({ random }, actor, roomId) =>
      actor.ask('PUT', `${roomPath(roomId)}/typing/${encodeURIComponent(actor.userId)}`, {
        typing: random.chance(0.7),
        timeout: 20_000,
      }),
  },
  whisper: {
    weight: 8,
    act: async ({ random, actors, whispers }, actor) => {
      whispers.push(await whisper(actor, random.pick(actors), whispers.length));
    },
  },
  rename: {
    weight: 4,
    act: ({ random }, actor) =>
      actor.ask('PUT', `/devices/${DEVICE_ID}`, { display_name: `phone ${random.below(1000)}` }),
  },
};

/** Somebody does something somewhere; whether it is allowed, the servers decide. */
export async function act(stage: Stage): Promise<void> {
  const { random, rooms, actors, sent, acts } = stage;
  const chosen = pickByWeight(random, acts);
  const [actor, roomId] = [random.pick(actors), random.pick(rooms)];
  const answer = await chosen(stage, actor, roomId);
  const eventId = answer?.body['event_id'];
  if (typeof eventId !== 'string') return;
  sent.set(roomId, [...(sent.get(roomId) ?? []), eventId]);
}

function pickByWeight(random: Random, acts: Acts): Act {
  const all = Object.values(acts);
  let left = random.below(all.reduce((sum, { weight }) => sum + weight, 0));
  for (const { weight, act: chosen } of all) {
    left -= weight;
    if (left < 0) return chosen;
  }
  throw new Error('the weights do not add up');
}

function aim(verb: string, stage: Stage, actor: Person, roomId: string): Promise<Answer> {
  const target = stage.random.pick(stage.actors);
  return actor.ask('POST', `${roomPath(roomId)}/${verb}`, { user_id: target.userId });
}

async function redact(stage: Stage, actor: Person, roomId: string): Promise<Answer | void> {
  const known = stage.sent.get(roomId) ?? [];
  if (known.length === 0) return;
  const target = encodeURIComponent(stage.random.pick(known));
  return actor.ask('PUT', `${roomPath(roomId)}/redact/${target}/${actor.transactionId()}`, {});
}

async function upgrade({ random, rooms }: Stage, actor: Person, roomId: string): Promise<void> {
  const version = random.pick(versionsToUpgradeTo);
  if (rooms.length >= roomsMax) return;
  const path = `${roomPath(roomId)}/upgrade`;
  const { body } = await actor.ask('POST', path, { new_version: version });
  const replacement = body['replacement_room'];
  if (typeof replacement === 'string') rooms.push(replacement);
}

async function read({ random, sent }: Stage, actor: Person, roomId: string): Promise<void> {
  const known = sent.get(roomId) ?? [];
  if (known.length > 0) await actor.read(roomId, random.pick(known));
}

async function changeLevels(stage: Stage, actor: Person, roomId: string): Promise<Answer | void> {
  const { random, actors } = stage;
  const before = await actor.stateOf(roomId, 'm.room.power_levels');
  const users: JsonObject = isJsonObject(before['users']) ? { ...before['users'] } : {};
  const others: JsonObject = {};
  const choice = random.below(4);
  if (choice === 0) others['state_default'] = random.pick(levels);
  else if (choice === 1) others['ban'] = random.pick(levels);
  else if (choice === 2) others['events_default'] = random.pick([0, 0, 25, 50]);
  if (choice > 1) users[random.pick(actors).userId] = random.pick(levels);
  return actor.setState(roomId, 'm.room.power_levels', '', { ...before, ...others, users });
}
