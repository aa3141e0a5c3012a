import { isJsonObject, parseUserId, serverNameOf } from '@soma/protocol';
import type { JsonObject } from '@soma/protocol';

import { MatrixError, forbidden, notFound } from '../errors/matrix-error.ts';
import type { FederationClient } from './federation-client.ts';
import { FederationError } from './federation-error.ts';
import { smallJsonBytesMax } from './limits.ts';

/**
 * The profile of a user of another server, or one field of it (SS API, "Querying for information"). Throws what that
 * server says of it: `404 M_NOT_FOUND`, `403 M_FORBIDDEN`; `502` where it says nothing that can be used.
 */
export async function queryProfile(
  client: FederationClient,
  userId: string,
  field?: string,
): Promise<JsonObject> {
  const parsed = parseUserId(userId);
  if (parsed === undefined) throw notFound('No such profile');
  try {
    const answer = await client.requestJson({
      destination: serverNameOf(parsed),
      method: 'GET',
      path: '/_matrix/federation/v1/query/profile',
      query: { user_id: userId, ...(field === undefined ? {} : { field }) },
      bodyBytesMax: smallJsonBytesMax,
    });
    return profileIn(answer, field);
  } catch (error) {
    if (!(error instanceof FederationError)) throw error;
    if (error.failure === 'not-allowed') throw forbidden('This server does not talk to that one');
    if (error.status === 404) throw notFound('No such profile');
    if (error.status === 403) throw forbidden('That server does not show this profile');
    throw new MatrixError(502, 'M_UNKNOWN', 'The profile cannot be had from its server');
  }
}

/** Fields that are texts to clients. */
const TEXTS: readonly string[] = ['displayname', 'avatar_url', 'm.tz'];

/** What clients are told to expect; a server that forgets a name may say so with null. */
function profileIn(answer: unknown, field: string | undefined): JsonObject {
  if (!isJsonObject(answer)) throw notFound('No such profile');
  const entries = Object.entries(answer).filter(
    ([name, value]) =>
      (field === undefined || name === field) &&
      (typeof value === 'string' || !TEXTS.includes(name)),
  );
  return Object.fromEntries(entries);
}
