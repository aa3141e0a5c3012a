import {
  canonicalJson,
  parseJson,
  parseServerName,
  parseXMatrix,
  roomVersion,
  signedRequestTextOf,
  verifySignatures,
} from '@soma/protocol';
import type { JsonValue, ServerName, XMatrix } from '@soma/protocol';

import { forbidden, unauthorized } from '../errors/matrix-error.ts';
import type { KeyRing } from '../federation-client/keys/key-ring.ts';
import { verifySignature } from '../federation-client/keys/verify-signature.ts';

export interface RequestAuthenticator {
  /** This server's name. */
  readonly serverName: string;
  readonly keyRing: Pick<KeyRing, 'keysFor'>;
  /** Whether this server federates with that one. */
  allows(serverName: string): boolean;
  /** Is told of a server whose request was authentic. */
  heardFrom(serverName: string): void;
}

/** What of a request is signed, as it arrived. */
export interface ReceivedRequest {
  readonly method: string;
  readonly target: string;
  readonly authorization: readonly string[];
  readonly body: { readonly bytes: Buffer; readonly content: unknown } | undefined;
  /** Whose fault it is that a server is asked for its keys. */
  readonly clientAddress?: string;
}

/** Of one request: nobody signs with more keys than these. */
const signaturesMax = 10;

/**
 * Which server made a request (spec: Server-Server API, "Request Authentication"). Throws `401 M_UNAUTHORIZED` for one
 * that is not signed by a key of its server that is valid now, or meant for another server, and `403 M_FORBIDDEN` for a
 * server that this one does not federate with.
 */
export async function authenticateRequest(
  request: ReceivedRequest,
  authenticator: RequestAuthenticator,
): Promise<ServerName> {
  const { serverName, keyRing, allows, heardFrom } = authenticator;
  const headers = request.authorization.slice(0, signaturesMax).map(readHeader);
  const [first] = headers;
  const origin = parseServerName(first?.origin);
  if (first === undefined || origin === undefined)
    throw unauthorized('The origin is no server name');
  for (const header of headers) {
    if (header.origin !== origin) throw unauthorized('The signatures are of several origins');
    if (header.destination !== undefined && header.destination !== serverName) {
      throw unauthorized(`The request is meant for another server than ${serverName}`);
    }
  }
  if (!allows(origin)) throw forbidden(`This server does not federate with ${origin}`);
  const keyIds = headers.map(({ keyId }) => keyId);
  const use = { kind: 'request', from: request.clientAddress } as const;
  const keys = await keyRing.keysFor(origin, keyIds, use);
  const signatures = {
    [origin]: Object.fromEntries(headers.map(({ keyId, signature }) => [keyId, signature])),
  };
  const isSigned = (contentText: string | undefined): boolean => {
    const signed = { method: request.method, uri: request.target, origin, destination: serverName };
    const text = signedRequestTextOf(signed, contentText);
    const publicKeyOf = (keyId: string): string | undefined => keys.get(keyId);
    return verifySignatures(signatures, text, origin, publicKeyOf, verifySignature).valid;
  };
  if (keys.size === 0) throw unauthorized(`No valid key of ${origin} is known by that ID`);
  for (const text of contentTexts(request.body)) {
    if (!isSigned(text)) continue;
    heardFrom(origin);
    return origin;
  }
  throw unauthorized(`The signature of ${origin} does not fit the request`);
}

function readHeader(header: string): XMatrix {
  const parsed = parseXMatrix(header);
  if (parsed === undefined) throw unauthorized('The Authorization header is no X-Matrix signature');
  return parsed;
}

/**
 * What the other server may have signed as the content: what its text means here, or, for numbers that JavaScript cannot
 * keep (`1.0`, 2⁶³), what the servers of old rooms would sign, whose rules are those of room version 1.
 */
function* contentTexts(body: ReceivedRequest['body']): Generator<string | undefined> {
  if (body === undefined) return yield undefined;
  const usual = canonicalJson(body.content as JsonValue);
  yield usual;
  const lax = roomVersion('1');
  const parsed = lax === undefined ? undefined : parseJson(body.bytes.toString('utf8'), lax);
  const exact = parsed?.ok === true ? canonicalJson(parsed.exact) : usual;
  if (exact !== usual) yield exact;
}
