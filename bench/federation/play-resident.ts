import type { IncomingMessage, ServerResponse } from 'node:http';

import type { BuiltEvent, JsonValue } from '@soma/protocol';

import { textOf } from '../../tests/federation/played-room.ts';
import type { TestPeer } from '../../tests/harness/peer.ts';
import type { GeneratedRoom } from './generated-room.ts';

/** Texts in one write to the socket. */
const textsAtOnce = 1_000;

/** What a resident server tells of its room as it was when it began to play. */
interface ToldRoom {
  readonly room: GeneratedRoom;
  readonly state: readonly BuiltEvent[];
  readonly servers: readonly string[];
  readonly joined: (join: string) => void;
}

/**
 * Lets a played server answer joins to its room, also without the members, and questions for the state.
 *
 * @param joined is told of each join, which is not in what is answered afterwards
 */
export function playResident(
  peer: TestPeer,
  room: GeneratedRoom,
  servers: readonly TestPeer[],
  joined: (join: string) => void = () => {},
): void {
  const told = {
    room,
    state: [...room.state.values()],
    servers: servers.map(({ serverName }) => serverName),
    joined,
  };
  peer.answer = (request, response) => void answer(told, request, response);
}

async function answer(
  told: ToldRoom,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { room, state } = told;
  const url = new URL(request.url ?? '', 'https://peer');
  const [, , , , action = '', about = '', last = ''] = url.pathname
    .split('/')
    .map(decodeURIComponent);
  const asked = url.searchParams.get('event_id') ?? '';
  if (action === 'make_join') return send(response, template(room, last));
  if (action === 'send_join') {
    const isPartial = url.searchParams.get('omit_members') === 'true';
    return sendJoin(told, await textOf(request), isPartial, response);
  }
  if (action === 'state') {
    return sendLists(response, { pdus: stateBefore(told, asked).map(jsonOf), auth_chain: [] }, '');
  }
  if (action === 'state_ids') {
    const ids = stateBefore(told, asked).map(({ eventId }) => eventId);
    return send(response, { pdu_ids: ids, auth_chain_ids: [] });
  }
  const found = action === 'event' ? state.find((one) => one.eventId === about) : undefined;
  if (found !== undefined) return sendLists(response, { pdus: [found.json] }, '');
  send(response, {});
}

function template(room: GeneratedRoom, userId: string): JsonValue {
  const subject = {
    type: 'm.room.member',
    state_key: userId,
    sender: userId,
    content: { membership: 'join' },
  };
  const event = { ...subject, ...room.placeOf(subject), room_id: room.roomId };
  return { room_version: room.version.id, event: { ...event, origin_server_ts: Date.now() } };
}

async function sendJoin(
  { room, state, servers, joined }: ToldRoom,
  join: string,
  isPartial: boolean,
  response: ServerResponse,
): Promise<void> {
  const isKept = ({ pdu: { type } }: BuiltEvent): boolean => type !== 'm.room.member' || !isPartial;
  const lists = {
    state: state.filter(isKept).map(jsonOf),
    // Repeated where the state holds it too, as some servers do.
    auth_chain: state.filter((event) => isOfChain(room, event)).map(jsonOf),
  };
  const rest = {
    origin: servers[0] ?? '',
    members_omitted: isPartial,
    ...(isPartial ? { servers_in_room: servers } : {}),
  };
  joined(join);
  return sendLists(response, lists, `,${JSON.stringify(rest).slice(1, -1)},"event":${join}`);
}

/** What the others of the state stand on: the creator's events. */
function isOfChain(room: GeneratedRoom, { pdu }: BuiltEvent): boolean {
  return pdu.sender === room.creator && pdu.state_key !== undefined;
}

/** Of the room's last event: the state without it; of a join that followed: all of it. */
function stateBefore({ room, state }: ToldRoom, eventId: string): readonly BuiltEvent[] {
  return eventId === room.last.eventId ? state.filter((event) => event.eventId !== eventId) : state;
}

function jsonOf({ json }: BuiltEvent): string {
  return json;
}

function send(response: ServerResponse, body: JsonValue): void {
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

/** Writes an object of lists whose items are JSON already. */
async function sendLists(
  response: ServerResponse,
  lists: Readonly<Record<string, readonly string[]>>,
  rest: string,
): Promise<void> {
  response.writeHead(200, { 'content-type': 'application/json' });
  let before = '{';
  for (const [name, items] of Object.entries(lists)) {
    response.write(`${before}"${name}":[`);
    before = '],';
    for (let start = 0; start < items.length; start += textsAtOnce) {
      const piece = items.slice(start, start + textsAtOnce).join(',');
      const goesOn = response.write(start === 0 ? piece : `,${piece}`);
      if (!goesOn) await new Promise((resolve) => response.once('drain', resolve));
    }
  }
  response.end(`]${rest}}`);
}
