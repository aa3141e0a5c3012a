import { isJsonObject, parseServerName, verifyJson } from '@soma/protocol';

import type { TrustedKeyServer } from '../../config/config.ts';
import type { FederationClient } from '../federation-client.ts';
import { FederationError } from '../federation-error.ts';
import { notaryBytesMax, smallJsonBytesMax } from '../limits.ts';
import { parseServerKeys } from './server-keys.ts';
import type { ServerKeys } from './server-keys.ts';
import { verifySignature } from './verify-signature.ts';

const timeoutMs = 10_000;

/**
 * A server's keys from itself. It is asked also while it is left alone: it may be back, and be asking us.
 * Throws a FederationError.
 */
export async function fetchKeys(
  client: Pick<FederationClient, 'requestJson'>,
  serverName: string,
  nowMs: number,
): Promise<ServerKeys> {
  const document = await client.requestJson({
    destination: serverName,
    method: 'GET',
    path: '/_matrix/key/v2/server',
    isSigned: false,
    ignoresBackoff: true,
    retries: 'none',
    timeoutMs,
    bodyBytesMax: smallJsonBytesMax,
  });
  const keys = parseServerKeys(document, serverName, nowMs);
  if (typeof keys !== 'string') return keys;
  throw new FederationError('bad-answer', serverName, `its keys are ${keys}`);
}

/** Servers' keys from a notary: only what each server itself signed, in an answer that the notary signed. */
export async function fetchKeysFromNotary(
  client: Pick<FederationClient, 'requestJson'>,
  notary: TrustedKeyServer,
  queries: readonly NotaryQuery[],
  nowMs: number,
): Promise<ServerKeys[]> {
  const answer = await client.requestJson({
    destination: notary.serverName,
    method: 'POST',
    path: '/_matrix/key/v2/query',
    body: {
      server_keys: Object.fromEntries(
        queries.map(({ serverName, keyIds, minimumValidUntilTs }) => {
          const criteria = { minimum_valid_until_ts: minimumValidUntilTs };
          return [serverName, Object.fromEntries(keyIds.map((keyId) => [keyId, criteria]))];
        }),
      ),
    },
    retries: 'none',
    timeoutMs: 2 * timeoutMs,
    bodyBytesMax: notaryBytesMax,
  });
  const documents = isJsonObject(answer) ? answer['server_keys'] : undefined;
  if (!Array.isArray(documents)) {
    throw new FederationError('bad-answer', notary.serverName, 'answered no server_keys');
  }
  return documents.flatMap((document) => {
    if (!isJsonObject(document) || !isSignedBy(notary, document)) return [];
    const query = queries.find(({ serverName }) => serverName === document['server_name']);
    if (query === undefined) return [];
    const keys = parseServerKeys(document, query.serverName, nowMs);
    return typeof keys === 'string' ? [] : [keys];
  });
}

export interface NotaryQuery {
  readonly serverName: string;
  /** Those that are looked for. */
  readonly keyIds: readonly string[];
  /** Until when they should be valid. */
  readonly minimumValidUntilTs: number;
}

/** Without keys of the notary in the configuration, its certificate has proven it. */
function isSignedBy(
  { serverName, verifyKeys }: TrustedKeyServer,
  document: Parameters<typeof verifyJson>[0],
): boolean {
  if (verifyKeys === undefined) return true;
  const publicKeyOf = (keyId: string): string | undefined =>
    Object.hasOwn(verifyKeys, keyId) ? verifyKeys[keyId] : undefined;
  return verifyJson(document, serverName, publicKeyOf, verifySignature).valid;
}

/** The notaries whose answers prove themselves, by a key or by a certificate that is checked. */
export function usableNotaries(
  notaries: readonly TrustedKeyServer[],
  ownName: string,
  verifiesCertificates: boolean,
): TrustedKeyServer[] {
  return notaries.filter(
    ({ serverName, verifyKeys, acceptKeysInsecurely }) =>
      serverName !== ownName &&
      parseServerName(serverName) !== undefined &&
      (verifyKeys !== undefined || verifiesCertificates || acceptKeysInsecurely),
  );
}
