import { isJsonObject } from '@soma/protocol';
import type { JsonValue } from '@soma/protocol';

import { DEVICE_ID } from './person.ts';
import type { Person } from './person.ts';
import type { Random } from './random.ts';

/** A message to another device, and whether its sender was told that it goes there. */
export interface Whisper {
  readonly number: number;
  readonly senderId: string;
  readonly targetId: string;
  /** `lost`: the sender got no answer, and does not know. */
  readonly outcome: 'sent' | 'lost' | 'refused';
}

const type = 'test.whisper';

/** Gives the person's device keys, so that others learn of it. */
export async function publishDevice(person: Person, random: Random): Promise<void> {
  const key = (): string => random.bytes(32).toString('base64').replace('=', '');
  const { userId } = person;
  const keys = { [`ed25519:${DEVICE_ID}`]: key(), [`curve25519:${DEVICE_ID}`]: key() };
  const deviceKeys = {
    user_id: userId,
    device_id: DEVICE_ID,
    algorithms: ['m.olm.v1.curve25519-aes-sha2'],
    keys,
    signatures: { [userId]: { [`ed25519:${DEVICE_ID}`]: key() } },
  };
  const { status } = await person.ask('POST', '/keys/upload', { device_keys: deviceKeys });
  if (status !== 200) throw new Error(`${userId} could not publish a device: ${status}`);
}

export async function whisper(sender: Person, target: Person, number: number): Promise<Whisper> {
  const path = `/sendToDevice/${type}/${sender.transactionId()}`;
  const messages = { [target.userId]: { [DEVICE_ID]: { number } } };
  const { status } = await sender.ask('PUT', path, { messages });
  const outcome = status === 200 ? 'sent' : status === 0 ? 'lost' : 'refused';
  return { number, senderId: sender.userId, targetId: target.userId, outcome };
}

/** What of the messages to devices did not come, or came too often. */
export async function checkWhispers(
  people: readonly Person[],
  whispers: readonly Whisper[],
): Promise<string[]> {
  const came = new Map<number, number>();
  for (const person of people) {
    for (const number of await readWhispers(person)) came.set(number, (came.get(number) ?? 0) + 1);
  }
  return whispers.flatMap(({ number, senderId, targetId, outcome }) => {
    const count = came.get(number) ?? 0;
    const isRight =
      outcome === 'sent' ? count === 1 : outcome === 'lost' ? count <= 1 : count === 0;
    return isRight ? [] : [`whisper ${number} of ${senderId} came ${count} times to ${targetId}`];
  });
}

async function readWhispers(person: Person): Promise<number[]> {
  const filter = encodeURIComponent(JSON.stringify({ room: { rooms: [] } }));
  const numbers: number[] = [];
  for (let since = ''; ;) {
    const from = since === '' ? '' : `&since=${encodeURIComponent(since)}`;
    const { body } = await person.ask('GET', `/sync?timeout=0&filter=${filter}${from}`);
    const { events } = isJsonObject(body['to_device']) ? body['to_device'] : {};
    const list = Array.isArray(events) ? events : [];
    for (const event of list) {
      const number = valueOf(event, 'content', 'number');
      if (typeof number === 'number') numbers.push(number);
    }
    const next = body['next_batch'];
    if (typeof next !== 'string' || (list.length === 0 && since !== '')) return numbers;
    since = next;
  }
}

/** Whose device others see in another way than its owner does, though they are in a room together. */
export async function checkDevices(people: readonly Person[]): Promise<string[]> {
  const problems: string[] = [];
  const rooms = new Map<Person, ReadonlySet<unknown>>();
  for (const person of people) {
    const { body } = await person.ask('GET', '/joined_rooms');
    const { joined_rooms: joined } = body;
    rooms.set(person, new Set(Array.isArray(joined) ? joined : []));
  }
  for (const owner of people) {
    const own = await owner.ask('GET', `/devices/${DEVICE_ID}`);
    for (const other of people) {
      const meet = [...(rooms.get(owner) ?? [])].some((room) => rooms.get(other)?.has(room));
      if (other.server === owner.server || !meet) continue;
      const { body } = await other.ask('POST', '/keys/query', {
        device_keys: { [owner.userId]: [] },
      });
      const device = valueOf(body, 'device_keys', owner.userId, DEVICE_ID);
      const name = valueOf(device, 'unsigned', 'device_display_name');
      if (device !== undefined && name === own.body['display_name']) continue;
      const shown = JSON.stringify(name ?? null);
      problems.push(`${other.userId} sees a device of ${owner.userId} as ${shown}`);
    }
  }
  return problems;
}

function valueOf(value: JsonValue | undefined, ...path: readonly string[]): JsonValue | undefined {
  return path.reduce((at, key) => (isJsonObject(at) ? at[key] : undefined), value);
}
