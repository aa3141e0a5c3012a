import { MatrixError } from '../../errors/matrix-error.ts';
import { parseIpAddress } from '../../outbound/ip-address.ts';
import type { FollowedResponse } from '../../outbound/outbound-client.ts';
import { OutboundError } from '../../outbound/outbound-error.ts';
import type { UrlPreviews } from './url-previews.ts';

export interface ResourceRequest {
  readonly url: URL;
  readonly accept: string;
  /** Of what is known already: if that is still so, the answer has no body. */
  readonly etag?: string | undefined;
  readonly bytesMax?: number;
  readonly signal: AbortSignal;
}

/** A page, a picture or a description, with its head read. Its body must be read or discarded. */
export interface Resource {
  /** Where it came from, after redirects. */
  readonly url: URL;
  /** It is what it was when it had the `etag` of the request. */
  readonly isUnchanged: boolean;
  /** In lower case, with its parameters. */
  readonly contentType: string;
  header(name: string): string | undefined;
  /** Throws as {@link fetchResource}. Once only. */
  readonly chunks: AsyncIterable<Uint8Array>;
  bytes(): Promise<Buffer>;
  discard(): void;
}

/**
 * Asks for what is at an address that somebody else has chosen. Throws a MatrixError: 403 M_UNKNOWN for an address
 * that is blocked, 502 for one that does not give what was asked for.
 */
export async function fetchResource(
  previews: UrlPreviews,
  request: ResourceRequest,
): Promise<Resource> {
  const { url, accept, etag, bytesMax, signal } = request;
  if (previews.isUrlBlocked(url)) throw blocked();
  const answer = await answeredBy(url, () =>
    previews.client.request({
      url,
      headers: {
        accept,
        'accept-language': previews.config.acceptLanguage.join(','),
        ...(etag === undefined ? {} : { 'if-none-match': etag }),
      },
      limits: { bodyBytesMax: bytesMax ?? previews.config.bytesMax },
      signal,
    }),
  );
  const { status, body } = answer;
  const isUnchanged = status === 304 && etag !== undefined;
  if (!isUnchanged && (status < 200 || status > 299)) {
    body.discard();
    throw badGateway(`The address was answered with ${status}`);
  }
  if (previews.isUrlBlocked(answer.url)) {
    body.discard();
    throw blocked();
  }
  return { ...resourceOf(answer, url), isUnchanged };
}

function resourceOf(
  { url, header, body }: FollowedResponse,
  asked: URL,
): Omit<Resource, 'isUnchanged'> {
  return {
    url,
    contentType: (header('content-type') ?? 'application/octet-stream').trim().toLowerCase(),
    header,
    chunks: translated(body, asked),
    bytes: () => answeredBy(asked, () => body.bytes()),
    discard: () => body.discard(),
  };
}

async function* translated(
  chunks: AsyncIterable<Buffer>,
  asked: URL,
): AsyncGenerator<Uint8Array, void, undefined> {
  try {
    yield* chunks;
  } catch (error) {
    throw refusalOf(error, asked);
  }
}

async function answeredBy<T>(asked: URL, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw refusalOf(error, asked);
  }
}

/**
 * A name that leads to a forbidden address is answered like one that leads nowhere: otherwise previews would tell
 * which names a private network has.
 */
function refusalOf(error: unknown, asked: URL): unknown {
  if (!(error instanceof OutboundError)) return error;
  switch (error.failure) {
    case 'refused': {
      const host = asked.hostname.replace(/^\[|\]$/g, '');
      return parseIpAddress(host) === undefined ? badGateway(NO_ADDRESS) : blocked();
    }
    case 'unresolved':
      return badGateway(NO_ADDRESS);
    case 'too-large':
      return new MatrixError(502, 'M_TOO_LARGE', 'What is at the address is too large');
    case 'timeout':
    case 'aborted':
      return badGateway('The address did not answer in time');
    case 'connection':
    case 'certificate':
    case 'too-many-redirects':
    case 'encoding':
      return badGateway('The address could not be fetched');
  }
}

const NO_ADDRESS = 'The name of the server has no address that may be reached';

export function badGateway(message: string): MatrixError {
  return new MatrixError(502, 'M_UNKNOWN', message);
}

export function blocked(): MatrixError {
  return new MatrixError(403, 'M_UNKNOWN', 'This address is not previewed here');
}
