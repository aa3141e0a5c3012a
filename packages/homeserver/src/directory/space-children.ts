import type { JsonObject } from '@soma/protocol';

import { loadState } from '../rooms/read-state.ts';
import type { Rooms } from '../rooms/rooms.ts';
import { readCurrentStateOfType } from '../rooms/state-store.ts';
import type { Reader } from '../storage/sql.ts';

/** A room below a space, and the event that says so. */
export interface SpaceChild {
  readonly roomId: string;
  readonly content: JsonObject;
  /** When it was said. */
  readonly ts: number;
  /** Stripped state with its time, as `GET /hierarchy` tells it. */
  readonly json: JsonObject;
}

/** The valid children of a space, in the order of the specification (CS API, "Ordering of children within a space"). */
export async function readSpaceChildren(
  rooms: Rooms,
  reader: Reader,
  spaceId: string,
  suggestedOnly: boolean,
): Promise<SpaceChild[]> {
  const roomNid = await rooms.names.rooms.find(spaceId);
  const typeNid = await rooms.names.eventTypes.find('m.space.child');
  if (roomNid === undefined || typeNid === undefined) return [];
  const eventNids = await readCurrentStateOfType(reader, roomNid, typeNid);
  const events = await loadState(rooms, reader, roomNid, [...eventNids.values()]);
  return events
    .map(({ pdu }) => ({
      roomId: pdu.state_key ?? '',
      content: pdu.content,
      ts: pdu.origin_server_ts,
      json: {
        type: pdu.type,
        state_key: pdu.state_key ?? '',
        content: pdu.content,
        sender: pdu.sender,
        origin_server_ts: pdu.origin_server_ts,
      },
    }))
    .filter(({ content }) => isChild(content) && (!suggestedOnly || isSuggested(content)))
    .toSorted(compareChildren);
}

/** Whether the event says that there is such a child, and where. */
export function isChild({ via }: JsonObject): boolean {
  return Array.isArray(via) && via.length > 0;
}

export function isSuggested({ suggested }: JsonObject): boolean {
  return suggested === true;
}

/** The servers that a child is to be found at. */
export function viaOf({ content: { via } }: SpaceChild): string[] {
  return (Array.isArray(via) ? via : []).filter((name) => typeof name === 'string');
}

/** The order of the specification. */
export function compareChildren(one: SpaceChild, other: SpaceChild): number {
  return (
    compareTexts(orderOf(one.content), orderOf(other.content)) ||
    one.ts - other.ts ||
    compareTexts(one.roomId, other.roomId)
  );
}

/** All that is valid is ASCII, in which code points and code units are the same. */
function compareTexts(one: string, other: string): number {
  if (one === other) return 0;
  return one < other ? -1 : 1;
}

const VALID_ORDER = /^[\x20-\x7e]{1,50}$/;
/** Beyond every valid one: what has no valid order comes last. */
const NO_ORDER = '\x7f';

function orderOf({ order }: JsonObject): string {
  return typeof order === 'string' && VALID_ORDER.test(order) ? order : NO_ORDER;
}
