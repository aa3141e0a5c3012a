import { parseMxc } from '../media/media-id.ts';
import type { MediaName } from '../media/media-id.ts';
import { readAvatarEvents, readEventsWithMedia } from './room-media-store.ts';
import type { Rooms } from './rooms.ts';

const PAGE = 500;

/** The media that a room's unencrypted events name: files, pictures, and their thumbnails; each once. */
export async function mediaInRoom(
  { database, names }: Pick<Rooms, 'database' | 'names'>,
  roomId: string,
): Promise<MediaName[]> {
  const roomNid = await names.rooms.find(roomId);
  if (roomNid === undefined) return [];
  const found = new Map<string, MediaName>();
  for (let after = Number.MIN_SAFE_INTEGER; ;) {
    const events = await readEventsWithMedia(database.reader, roomNid, after, PAGE);
    for (const { json } of events) {
      for (const uri of mediaUris(JSON.parse(json))) {
        const name = parseMxc(uri);
        if (name !== undefined) found.set(String(uri), name);
      }
    }
    if (events.length < PAGE) return [...found.values()];
    after = events.at(-1)?.event_order ?? after;
  }
}

/** The pictures that rooms have at the moment. */
export async function roomAvatars({ database, names }: Rooms): Promise<string[]> {
  const typeNid = await names.eventTypes.find('m.room.avatar');
  const stateKeyNid = await names.stateKeys.find('m.room.avatar', '');
  if (typeNid === undefined || stateKeyNid === undefined) return [];
  const events = await readAvatarEvents(database.reader, typeNid, stateKeyNid);
  return events.flatMap((json) => mediaUris(JSON.parse(json)).map(String));
}

/** Client-server API, "m.room.message" types and "m.room.avatar". */
function mediaUris(event: unknown): unknown[] {
  const content = fieldOf(event, 'content');
  const info = fieldOf(content, 'info');
  return [
    fieldOf(content, 'url'),
    fieldOf(fieldOf(content, 'file'), 'url'),
    fieldOf(info, 'thumbnail_url'),
    fieldOf(fieldOf(info, 'thumbnail_file'), 'url'),
  ].filter((uri) => uri !== undefined);
}

function fieldOf(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined;
  return Reflect.get(value, name);
}
