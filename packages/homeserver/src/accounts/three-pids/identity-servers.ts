import { canonicalJson, isJsonObject, parseServerName } from '@soma/protocol';
import type { JsonObject } from '@soma/protocol';

import { errcodes } from '../../errors/errcodes.ts';
import type { Errcode } from '../../errors/errcodes.ts';
import { MatrixError, invalidParam } from '../../errors/matrix-error.ts';
import { signRequest } from '../../federation-client/sign-request.ts';
import type { RequestSigner } from '../../federation-client/sign-request.ts';
import type { OutboundClient } from '../../outbound/outbound-client.ts';

export interface IdentityRequest {
  /** A host, with a port and a path if need be, as clients write it. */
  readonly idServer: string;
  readonly method: 'GET' | 'POST';
  /** Below `/_matrix/identity/v2`. */
  readonly path: string;
  readonly body?: JsonObject;
  /** The user's token there; without one the request is signed as this server's. */
  readonly accessToken?: string;
}

const BASE = '/_matrix/identity/v2';
/** An identity server is asked while a client waits. */
const LIMITS = { totalMs: 20_000, bodyBytesMax: 64 * 1024 };
const PATH = /^(\/[\w.~-]+)*\/?$/;

/** Asks the identity servers that clients name, over the guarded client. */
export class IdentityServers {
  readonly #http: OutboundClient;
  readonly #signer: RequestSigner;

  constructor(http: OutboundClient, signer: RequestSigner) {
    this.#http = http;
    this.#signer = signer;
  }

  /**
   * The answer of a request that succeeded. Throws what the identity server refuses, `400 M_INVALID_PARAM` for what
   * names none, and `502 M_UNKNOWN` where it cannot be understood or reached.
   */
  async request(request: IdentityRequest): Promise<JsonObject> {
    const { idServer, method, path } = request;
    const text = request.body === undefined ? undefined : canonicalJson(request.body);
    const { status, body } = await this.#exchange({
      url: `https://${checkIdServer(idServer)}${BASE}${path}`,
      method,
      headers: {
        authorization: this.#authorization(request, text),
        ...(text === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(text === undefined ? {} : { body: text }),
    });
    if (status >= 200 && status <= 299) return body;
    const error = typeof body['error'] === 'string' ? body['error'] : 'It gave no reason';
    throw new MatrixError(
      status >= 400 && status <= 499 ? status : 502,
      knownErrcode(body['errcode']),
      `The identity server refused: ${error.slice(0, 200)}`,
    );
  }

  /**
   * Whether the identity server that has published a key still stands by it (Identity Service API, `/pubkey/isvalid`), asked at
   * the address that it gave with the key. Throws `502 M_UNKNOWN` where it cannot be asked.
   */
  async isKeyValid(validityUrl: string, publicKey: string): Promise<boolean> {
    if (!URL.canParse(validityUrl)) return false;
    const url = new URL(validityUrl);
    url.searchParams.set('public_key', publicKey);
    const { status, body } = await this.#exchange({ url: url.href, method: 'GET' });
    return status === 200 && body['valid'] === true;
  }

  #authorization({ idServer, method, path, accessToken }: IdentityRequest, text?: string): string {
    if (accessToken !== undefined) return `Bearer ${accessToken}`;
    return signRequest({ method, uri: BASE + path, destination: idServer }, text, this.#signer);
  }

  async #exchange(
    request: Parameters<OutboundClient['request']>[0],
  ): Promise<{ readonly status: number; readonly body: JsonObject }> {
    try {
      const answer = await this.#http.request({ ...request, httpsOnly: true, limits: LIMITS });
      const text = (await answer.body.bytes()).toString('utf8');
      return { status: answer.status, body: objectIn(text) };
    } catch (error) {
      if (error instanceof MatrixError) throw error;
      throw new MatrixError(502, 'M_UNKNOWN', 'The identity server could not be asked', {
        reason: error instanceof Error ? error.message : undefined,
      });
    }
  }
}

/** Throws `400 M_INVALID_PARAM` for what is no host with a port and a path. */
function checkIdServer(idServer: string): string {
  const slash = idServer.indexOf('/');
  const host = slash === -1 ? idServer : idServer.slice(0, slash);
  const path = slash === -1 ? '' : idServer.slice(slash);
  if (parseServerName(host) === undefined || !PATH.test(path)) {
    throw invalidParam('id_server must be a host name, with a port and a path if need be');
  }
  return host + path.replace(/\/$/, '');
}

function objectIn(text: string): JsonObject {
  try {
    const value: unknown = JSON.parse(text);
    return isJsonObject(value) ? value : {};
  } catch {
    return {};
  }
}

function knownErrcode(errcode: unknown): Errcode {
  return errcodes.find((each) => each === errcode) ?? 'M_UNKNOWN';
}
