/** Writes random rooms as JSON lines: docs/develop/export-rooms.md. */
import { pipeline } from 'node:stream/promises';
import { parseArgs } from 'node:util';

import { roomVersion, supportedRoomVersions } from '@soma/protocol';
import type { RoomVersion } from '@soma/protocol';

import { exportRoom } from './export-rooms/export-room.ts';

interface Options {
  readonly seed: number;
  readonly versions: readonly RoomVersion[];
  readonly rooms: number;
  readonly events: number;
}

const usage = `node tools/export-rooms.ts [options]
  --seed <number>          decides on the rooms (1)
  --room-version <version> ${supportedRoomVersions().join(', ')}; all of them by default
  --rooms <number>         how many of each version (1)
  --events <number>        how many events in each, from 1 to 10,000 (60)`;

/** The lines for a command line. Throws an Error that says what is wrong with it. */
export function* exportRooms(args: readonly string[]): Generator<string> {
  const { seed, versions, rooms, events } = readOptions(args);
  for (const version of versions) {
    for (let room = 0; room < rooms; room += 1) {
      yield JSON.stringify(exportRoom(seed + room, version, events));
    }
  }
}

function readOptions(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      seed: { type: 'string', default: '1' },
      'room-version': { type: 'string' },
      rooms: { type: 'string', default: '1' },
      events: { type: 'string', default: '60' },
    },
  });
  const asked = values['room-version'];
  const ids = asked === undefined ? supportedRoomVersions() : [asked];
  return {
    seed: integer('--seed', values.seed, 0, 2 ** 31),
    versions: ids.map(supportedVersion),
    rooms: integer('--rooms', values.rooms, 1, 1_000_000),
    events: integer('--events', values.events, 1, 10_000),
  };
}

function supportedVersion(id: string): RoomVersion {
  const version = roomVersion(id);
  const supported = supportedRoomVersions();
  if (version === undefined || !supported.includes(id)) {
    throw new Error(`room version ${id} is not one of ${supported.join(', ')}`);
  }
  return version;
}

function integer(name: string, text: string, least: number, most: number): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= least && value <= most) return value;
  throw new Error(`${name} must be an integer from ${least} to ${most}, not ${text}`);
}

async function run(args: readonly string[]): Promise<void> {
  try {
    await pipeline(function* lines() {
      for (const line of exportRooms(args)) yield `${line}\n`;
    }, process.stdout);
  } catch (error) {
    // Whoever reads has seen enough.
    if (error instanceof Error && 'code' in error && error.code === 'EPIPE') return;
    console.error(`${error instanceof Error ? error.message : String(error)}\n\n${usage}`);
    process.exitCode = 2;
  }
}

if (import.meta.main) await run(process.argv.slice(2));
