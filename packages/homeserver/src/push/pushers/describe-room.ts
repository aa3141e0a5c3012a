import { isJsonObject } from '@soma/protocol';
import type { JsonValue } from '@soma/protocol';

import {
  readCounts,
  readHeroes,
  readMembership,
  readStrippedState,
} from '../../membership/membership-store.ts';
import { readCurrentContent } from '../../rooms/read-current-content.ts';
import type { Rooms } from '../../rooms/rooms.ts';
import type { Reader } from '../../storage/sql.ts';

/** What a user calls a room. */
export interface RoomDescription {
  /** Undefined for a room that is only known by who is in it, and where nobody else is. */
  readonly name: string | undefined;
  readonly alias: string | undefined;
  /** Whether the name is made of that of the only other member. */
  readonly isOnePerson: boolean;
}

/** More are counted. */
const NAMED_MEMBERS_MAX = 2;

/** CS API, "Calculating the display name for a room". */
export async function describeRoom(
  rooms: Rooms,
  reader: Reader,
  roomNid: number,
  viewerNid: number,
): Promise<RoomDescription> {
  const stripped = await strippedContents(reader, roomNid, viewerNid);
  const textOf = async (type: string, key: string): Promise<string | undefined> => {
    const content = stripped?.get(type) ?? (await readCurrentContent(rooms, reader, roomNid, type));
    const text = isJsonObject(content) ? content[key] : undefined;
    return typeof text === 'string' && text !== '' ? text : undefined;
  };
  const alias = await textOf('m.room.canonical_alias', 'alias');
  const given = (await textOf('m.room.name', 'name')) ?? alias;
  if (given !== undefined) return { name: given, alias, isOnePerson: false };
  const heroes = await readHeroes(reader, roomNid, viewerNid, NAMED_MEMBERS_MAX);
  const names: string[] = [];
  for (const hero of heroes) names.push(await nameOfMember(rooms, reader, roomNid, hero));
  const { joined, invited } = await readCounts(reader, roomNid);
  const others = joined + invited - 1 - names.length;
  if (others > 0) names.push(others === 1 ? '1 other' : `${others} others`);
  const name = names.length === 0 ? undefined : listed(names);
  return { name, alias, isOnePerson: names.length === 1 };
}

/** The display name of a member, or else the user ID. */
export async function nameOfMember(
  rooms: Rooms,
  reader: Reader,
  roomNid: number,
  userNid: number,
): Promise<string> {
  const name = (await readMembership(reader, userNid, roomNid))?.displayName;
  return name ?? rooms.names.users.text(userNid);
}

function listed(names: readonly string[]): string {
  const last = names.at(-1) ?? '';
  const before = names.slice(0, -1);
  return before.length === 0 ? last : `${before.join(', ')} and ${last}`;
}

/** Who is invited knows of the room what came with the invitation. */
async function strippedContents(
  reader: Reader,
  roomNid: number,
  viewerNid: number,
): Promise<ReadonlyMap<string, JsonValue> | undefined> {
  const membership = await readMembership(reader, viewerNid, roomNid);
  if (membership?.membership !== 'invite') return undefined;
  const events: JsonValue = JSON.parse(
    (await readStrippedState(reader, viewerNid, roomNid)) ?? '[]',
  );
  const contents = new Map<string, JsonValue>();
  for (const event of Array.isArray(events) ? events : []) {
    if (!isJsonObject(event) || typeof event['type'] !== 'string') continue;
    contents.set(event['type'], event['content'] ?? null);
  }
  return contents;
}
