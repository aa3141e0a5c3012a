import { supportedRoomVersions } from '@soma/protocol';

import { FederationError } from '../../federation-client/federation-error.ts';
import { NoServerAnswered, askInTurn } from './ask-in-turn.ts';
import type { Failure } from './ask-in-turn.ts';
import { handshakeTimeoutMs, hedgeDelayMs } from './limits.ts';
import { makeKnown, readLastSaid } from './make-known.ts';
import { readMemberTemplate } from './member-template.ts';
import type { MemberTemplate, WantedMembership } from './member-template.ts';
import { isServersFault, remoteRefusal } from './remote-refusal.ts';
import type { RemoteRooms } from './remote-rooms.ts';

const templateBytesMax = 256 * 1024;

/**
 * Changes a membership by the handshake of "Joining Rooms" (SS API): one of the servers gives a template, and `finish`
 * sends it the event that is made of it. Where that fails, the servers that are left are asked. Throws what the user
 * is to be told, and what `finish` throws that no other server could better.
 */
export async function throughServers<T>(
  remote: RemoteRooms,
  wanted: WantedMembership,
  servers: readonly string[],
  finish: (server: string, template: MemberTemplate) => Promise<T>,
): Promise<T> {
  const failures: Failure[] = [];
  for (;;) {
    const failed = new Set(failures.map(({ server }) => server));
    const left = servers.filter((server) => !failed.has(server));
    if (left.length === 0) throw remoteRefusal(failures);
    const { server, template } = await askTemplate(remote, wanted, left, failures);
    try {
      return await finish(server, template);
    } catch (error) {
      if (!isServersFault(error)) throw error;
      remote.logger.info({ server, roomId: wanted.roomId, err: error }, 'handshake failed');
      failures.push({ server, error });
    }
  }
}

async function askTemplate(
  remote: RemoteRooms,
  wanted: WantedMembership,
  servers: readonly string[],
  failures: Failure[],
): Promise<{ server: string; template: MemberTemplate }> {
  const said = await readLastSaid(remote, wanted.roomId);
  const ask = async (server: string, signal: AbortSignal): Promise<MemberTemplate> => {
    if (said !== undefined) await makeKnown(remote, server, said, signal);
    return fetchTemplate(remote, wanted, server, signal);
  };
  try {
    const asked = await askInTurn(servers, hedgeDelayMs, ask);
    failures.push(...asked.failures);
    return { server: asked.server, template: asked.answer };
  } catch (error) {
    if (!(error instanceof NoServerAnswered)) throw error;
    throw remoteRefusal([...failures, ...error.failures]);
  }
}

async function fetchTemplate(
  { client }: RemoteRooms,
  wanted: WantedMembership,
  server: string,
  signal: AbortSignal,
): Promise<MemberTemplate> {
  const { roomId, userId, membership } = wanted;
  const place = `${encodeURIComponent(roomId)}/${encodeURIComponent(userId)}`;
  const answer = await client.requestJson({
    destination: server,
    method: 'GET',
    path: `/_matrix/federation/v1/make_${membership}/${place}`,
    ...(membership === 'leave' ? {} : { query: { ver: supportedRoomVersions() } }),
    timeoutMs: handshakeTimeoutMs,
    retries: 'none',
    // Somebody waits for it, and knows better than the past whether the server is there.
    ignoresBackoff: true,
    bodyBytesMax: templateBytesMax,
    signal,
  });
  const template = readMemberTemplate(answer, wanted);
  if (typeof template !== 'string') return template;
  throw new FederationError('bad-answer', server, `its template is not to be signed: ${template}`);
}
