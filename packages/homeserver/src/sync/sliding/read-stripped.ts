import { isJsonObject } from '@soma/protocol';
import type { JsonObject, JsonValue } from '@soma/protocol';

import { readMembership } from '../../membership/membership-store.ts';
import { readStrippedRoom } from '../left-room.ts';
import { filterWithLimit } from '../old-room.ts';
import { openPass } from '../sync-context.ts';
import type { SentRoom } from './connection.ts';
import { dmOf } from './read-room.ts';
import type { RoomAnswer } from './read-room.ts';
import type { ScopedRoom } from './select-rooms.ts';
import type { SlidingPass } from './sliding-pass.ts';

/** A room that the user is invited to or knocks at: all that is known is its stripped state. */
export async function readStripped(
  pass: SlidingPass,
  { room, config }: ScopedRoom,
  before: SentRoom | undefined,
): Promise<RoomAnswer> {
  const { roomNid, membership, bumpStamp, position } = room;
  const sent: SentRoom = {
    upTo: pass.upTo,
    membership,
    config,
    bumpStamp,
    unread: { notify: 0, highlight: 0 },
    lazyMembers: new Set(),
  };
  const isKnown = before?.membership === membership && position <= before.upTo;
  const events = isKnown ? undefined : await eventsOf(pass, roomNid);
  if (events === undefined) return { json: undefined, sent, timeline: undefined };
  const name = contentOf(events, 'm.room.name')?.['name'];
  const avatar = contentOf(events, 'm.room.avatar')?.['url'];
  const json: JsonObject = {
    initial: true,
    membership,
    bump_stamp: bumpStamp,
    ...(typeof name === 'string' && name !== '' ? { name } : {}),
    ...(typeof avatar === 'string' ? { avatar } : {}),
    ...(await dmOf(pass, roomNid)),
    notification_count: 0,
    highlight_count: 0,
    // Synapse's name for it, which clients know, and that of the proposal.
    invite_state: [...events],
    stripped_state: [...events],
  };
  return { json, sent, timeline: undefined };
}

async function eventsOf(
  { context, reader, viewer, upTo }: SlidingPass,
  roomNid: number,
): Promise<JsonValue[] | undefined> {
  const record = await readMembership(reader, viewer.userNid, roomNid);
  if (record === undefined) return undefined;
  const options = { viewer, filter: filterWithLimit(0), since: -1, typingSince: undefined };
  return readStrippedRoom(openPass(context.sync, reader, upTo, options), record);
}

function contentOf(events: readonly JsonValue[], type: string): JsonObject | undefined {
  const event = events.find((each) => isJsonObject(each) && each['type'] === type);
  const content = isJsonObject(event) ? event['content'] : undefined;
  return isJsonObject(content) ? content : undefined;
}
