import { isJsonObject } from '@soma/protocol';
import type { JsonValue, RoomVersion, SignatureVerifier } from '@soma/protocol';

import { LimitExceededError, MatrixError, forbidden } from '../../errors/matrix-error.ts';
import type { Errcode } from '../../errors/matrix-error.ts';
import type { FederationClient } from '../../federation-client/federation-client.ts';
import { FederationError } from '../../federation-client/federation-error.ts';
import { smallJsonBytesMax } from '../../federation-client/limits.ts';
import { boundedCache } from '../../storage/bounded-cache.ts';
import type { PolicyServer } from './policy-server.ts';
import { POLICY_KEY_ID, isRecommended, withPolicySignature } from './policy-signature.ts';

/** A room waits so long for an answer, and leaves a server that gave none alone for a while. */
const ANSWER_MS_MAX = 10_000;
const LEFT_ALONE_MS = 30_000;
const SERVERS_REMEMBERED_MAX = 1_000;

/** What a policy server says of an event; others of these mean something of this server, as `M_UNKNOWN_TOKEN` does. */
const PASSED_ON: ReadonlySet<string> = new Set<Errcode>([
  'M_BAD_JSON',
  'M_FORBIDDEN',
  'M_NOT_FOUND',
  'M_NOT_JSON',
]);

export interface PolicyServersOptions {
  readonly client: Pick<FederationClient, 'requestJson'>;
  readonly verify: SignatureVerifier;
  readonly now: () => number;
}

/** Asks policy servers to sign events (SS API, `POST /_matrix/policy/v1/sign`). */
export class PolicyServers {
  readonly #options: PolicyServersOptions;
  /** Until when a server is not asked again. */
  readonly #leftAloneUntilMs = boundedCache<string, number>(SERVERS_REMEMBERED_MAX);

  constructor(options: PolicyServersOptions) {
    this.#options = options;
  }

  /**
   * The canonical JSON of an event, with the policy server's signature. Throws a `MatrixError`: what the server answered,
   * `403 M_FORBIDDEN` where it gave no valid signature, `502 M_UNKNOWN` where it could not be asked.
   */
  async sign(
    json: string,
    version: RoomVersion,
    server: PolicyServer,
    signal?: AbortSignal,
  ): Promise<string> {
    const { verify } = this.#options;
    if (isRecommended(json, version, server, verify)) return json;
    const signature = signatureIn(await this.#ask(json, server, signal), server);
    if (signature !== undefined) {
      const signed = withPolicySignature(json, version, server, signature);
      if (isRecommended(signed, version, server, verify)) return signed;
    }
    throw forbidden(`The policy server ${server.serverName} has not signed the event`);
  }

  async #ask(
    json: string,
    { serverName }: PolicyServer,
    signal: AbortSignal | undefined,
  ): Promise<JsonValue> {
    const { client, now } = this.#options;
    if ((this.#leftAloneUntilMs.get(serverName) ?? 0) > now()) {
      throw unreachable(serverName, 'it did not answer a moment ago');
    }
    try {
      return await client.requestJson({
        destination: serverName,
        method: 'POST',
        path: '/_matrix/policy/v1/sign',
        bodyText: json,
        timeoutMs: ANSWER_MS_MAX,
        retries: 'none',
        // What else that server does, or whether it does anything else, is no matter here.
        ignoresBackoff: true,
        bodyBytesMax: smallJsonBytesMax,
        ...(signal === undefined ? {} : { signal }),
      });
    } catch (error) {
      if (!(error instanceof FederationError)) throw error;
      if (error.failure === 'unreachable' && signal?.aborted !== true) {
        this.#leftAloneUntilMs.set(serverName, now() + LEFT_ALONE_MS);
      }
      throw refusalOf(error);
    }
  }
}

function signatureIn(answer: JsonValue, { serverName }: PolicyServer): string | undefined {
  const ofServer = isJsonObject(answer) ? answer[serverName] : undefined;
  const signature = isJsonObject(ofServer) ? ofServer[POLICY_KEY_ID] : undefined;
  return typeof signature === 'string' ? signature : undefined;
}

/** SS API: the policy server's error "SHOULD be provided to the client verbatim". */
function refusalOf(error: FederationError): MatrixError {
  const { status, errcode, body, destination } = error;
  if (error.failure !== 'refused' || status === undefined) {
    return unreachable(destination, error.message);
  }
  const text = typeof body?.['error'] === 'string' ? body['error'] : error.message;
  if (status === 429) {
    const waitMs = body?.['retry_after_ms'];
    return new LimitExceededError(typeof waitMs === 'number' ? waitMs : undefined, text);
  }
  const isItsWord = errcode !== undefined && (PASSED_ON.has(errcode) || !errcode.startsWith('M_'));
  const isRefusal = isItsWord && status >= 400 && status < 500 && status !== 401;
  // Its whole answer, in which the errcode may be one of its own.
  return isRefusal
    ? new MatrixError(status, 'M_FORBIDDEN', text, { ...body, error: text })
    : unreachable(destination, text);
}

function unreachable(serverName: string, cause: string): MatrixError {
  const text = `The policy server ${serverName} of this room could not be asked: ${cause}`;
  return new MatrixError(502, 'M_UNKNOWN', text);
}
