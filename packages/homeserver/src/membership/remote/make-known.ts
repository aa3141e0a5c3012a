import { setTimeout as sleep } from 'node:timers/promises';

import type { Pdu } from '@soma/protocol';

import { FederationError } from '../../federation-client/federation-error.ts';
import { readEvents } from '../../rooms/event-store.ts';
import { readForwardExtremities } from '../../rooms/forward-extremity-store.ts';
import { serverOfUser } from './candidate-servers.ts';
import { handshakeTimeoutMs, makeKnownPausesMs, saidLatelyMs } from './limits.ts';
import type { RemoteRooms, ToldEvent } from './remote-rooms.ts';

/** The last event of a room that a user of this server has sent, or that has put one out of it. */
interface LastSaid extends ToldEvent {
  readonly eventId: string;
}

/**
 * What users of this server have said last, or what was last made of them, in a room that they have left a short while ago;
 * undefined where they have not.
 * A server that does not know it would build what it lets them join on a room in which they still are: what they left would
 * stand beside what they join, and whether they are in the room would be another question for each server.
 */
export async function readLastSaid(
  { rooms }: RemoteRooms,
  roomId: string,
): Promise<LastSaid | undefined> {
  const { reader } = rooms.database;
  const roomNid = await rooms.names.rooms.find(roomId);
  if (roomNid === undefined) return undefined;
  const ends = await readForwardExtremities(reader, roomNid);
  const since = rooms.now() - saidLatelyMs;
  for (const row of await readEvents(
    reader,
    ends.map(({ eventNid }) => eventNid),
  )) {
    const { type, sender, state_key: stateKey, origin_server_ts: ts }: Pdu = JSON.parse(row.json);
    const users = type === 'm.room.member' ? [sender, stateKey ?? ''] : [sender];
    if (users.some((userId) => serverOfUser(userId) === rooms.serverName) && ts >= since) {
      const { event_nid: eventNid, event_id: eventId, event_order: order } = row;
      return { eventNid, eventId, order: order ?? 0 };
    }
  }
  return undefined;
}

/** Sees to it that a server knows an event of this one, if it can be had within a few seconds. Throws a FederationError. */
export async function makeKnown(
  remote: RemoteRooms,
  server: string,
  said: LastSaid,
  signal: AbortSignal,
): Promise<void> {
  const { eventId } = said;
  if (await knows(remote, server, eventId, signal)) return;
  for (const pauseMs of makeKnownPausesMs) {
    // It may have the event and not what that stands on: whoever gets it again asks for this again.
    await remote.tellAgain(server, said);
    await sleep(pauseMs, undefined, { signal });
    if (await knows(remote, server, eventId, signal)) return;
  }
  remote.logger.info({ server, eventId }, 'a server does not take in what was said in a room');
}

/** A server that knows the event may refuse to show it. */
async function knows(
  { client }: RemoteRooms,
  server: string,
  eventId: string,
  signal: AbortSignal,
): Promise<boolean> {
  try {
    await client.requestJson({
      destination: server,
      method: 'GET',
      path: `/_matrix/federation/v1/event/${encodeURIComponent(eventId)}`,
      timeoutMs: handshakeTimeoutMs,
      retries: 'none',
      ignoresBackoff: true,
      signal,
    });
    return true;
  } catch (error) {
    if (!(error instanceof FederationError) || error.failure !== 'refused') throw error;
    return error.status !== 404;
  }
}
