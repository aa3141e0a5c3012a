import { authEventIds, prevEventIds } from '@soma/protocol';
import type { JsonObject, Pdu } from '@soma/protocol';

import { FederationError } from '../../federation-client/federation-error.ts';
import { readEventById, readEvents } from '../../rooms/event-store.ts';
import { readSnapshot } from '../../rooms/state-store.ts';
import type { ServerUnderTest, TestRequest } from './servers-under-test.ts';

/** Answers from the history that a server has, as the endpoints of the server-server API do. */
export async function answerFrom(
  server: ServerUnderTest,
  { endpoint, parameters, eventId, body, destination }: TestRequest,
): Promise<JsonObject> {
  const [first = '', second = ''] = parameters;
  switch (endpoint) {
    case 'event':
      return { pdus: [await pduOf(server, first, destination)] };
    case 'event_auth':
      return { auth_chain: await authChain(server, [second]) };
    case 'state_ids': {
      const state = await stateBefore(server, eventId);
      return { pdu_ids: state, auth_chain_ids: await authChainIds(server, state) };
    }
    case 'state': {
      const state = await stateBefore(server, eventId);
      const pdus = await Promise.all(state.map((id) => pduOf(server, id, destination)));
      return { pdus, auth_chain: await authChain(server, state) };
    }
    case 'get_missing_events':
      return { events: await missingEvents(server, body) };
    default:
      throw new FederationError('refused', destination, `does not serve ${endpoint}`);
  }
}

async function pduOf(
  server: ServerUnderTest,
  eventId: string,
  destination: string,
): Promise<JsonObject> {
  const row = await readEventById(server.database.reader, eventId);
  if (row === undefined) throw new FederationError('refused', destination, 'has no such event');
  return JSON.parse(row.json);
}

async function stateBefore(server: ServerUnderTest, eventId: string): Promise<string[]> {
  const { reader } = server.database;
  const row = await readEventById(reader, eventId);
  const state = await readSnapshot(reader, row?.state_before ?? 0);
  return (await readEvents(reader, [...state.values()])).map((event) => event.event_id);
}

async function authChainIds(server: ServerUnderTest, ids: readonly string[]): Promise<string[]> {
  const found = new Set<string>();
  const waiting = [...ids];
  for (let id = waiting.pop(); id !== undefined; id = waiting.pop()) {
    const pdu: Pdu = JSON.parse(await server.json(id));
    for (const listed of authEventIds(pdu)) {
      if (!found.has(listed)) waiting.push(listed);
      found.add(listed);
    }
  }
  return [...found];
}

async function authChain(server: ServerUnderTest, ids: readonly string[]): Promise<JsonObject[]> {
  const chain = await authChainIds(server, ids);
  return Promise.all(chain.map((id) => pduOf(server, id, server.name)));
}

async function missingEvents(server: ServerUnderTest, body: JsonObject): Promise<JsonObject[]> {
  const [earliest, latest] = ['earliest_events', 'latest_events'].map((name) => {
    const list = body[name];
    return Array.isArray(list) ? list.map(String) : [];
  });
  const seen = new Set(earliest);
  const found: JsonObject[] = [];
  let generation = latest ?? [];
  while (generation.length > 0 && found.length < Number(body['limit'])) {
    const next: string[] = [];
    for (const id of generation) {
      const pdu: Pdu = JSON.parse(await server.json(id));
      for (const prev of prevEventIds(pdu)) {
        if (seen.has(prev)) continue;
        seen.add(prev);
        next.push(prev);
        found.push(JSON.parse(await server.json(prev)));
      }
    }
    generation = next;
  }
  return found.slice(0, Number(body['limit']));
}
