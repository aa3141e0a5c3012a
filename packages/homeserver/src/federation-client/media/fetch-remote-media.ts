import type { OutboundResponse } from '../../outbound/exchange.ts';
import type { OutboundClient } from '../../outbound/outbound-client.ts';
import { OutboundError } from '../../outbound/outbound-error.ts';
import type { FederationClient } from '../federation-client.ts';
import { FederationError, toFederationError } from '../federation-error.ts';
import { partHeadBytesMax, streamIdleMs, streamTotalMs } from '../limits.ts';
import { MalformedMultipart, MultipartReader, boundaryOf } from './multipart-reader.ts';
import type { Part } from './multipart-reader.ts';

export interface RemoteMediaOptions {
  /** How long the other server may wait for an upload that is not there yet. */
  readonly timeoutMs: number;
  readonly bytesMax: number;
  readonly signal?: AbortSignal;
}

/** A media file on its way from another server. */
export interface RemoteMedia {
  readonly contentType: string | undefined;
  readonly contentDisposition: string | undefined;
  /**
   * As fast as it is read, once. Throws a FederationError: `bad-answer` beyond `bytesMax` and for a body that breaks
   * off.
   */
  readonly body: AsyncIterable<Buffer>;
  /** Lets go of a body that is not to be read, or not to its end. */
  discard(): void;
}

export interface RemoteMediaClients {
  readonly federation: Pick<FederationClient, 'requestStream'>;
  /** For media that the other server keeps elsewhere. */
  readonly http: Pick<OutboundClient, 'request'>;
}

/** Beside the file a multipart answer has two heads, three delimiters and `{}`. */
const multipartBytesMax = 4 * partHeadBytesMax;
const answerGraceMs = 20_000;

/**
 * Asks the server that media belongs to (spec: Server-Server API, "Content Repository"): by the authenticated
 * endpoint, and for a server that does not know it by the old one.
 *
 * Throws a FederationError: `refused` has the status and errcode of the other server's refusal.
 */
export async function fetchRemoteMedia(
  { federation, http }: RemoteMediaClients,
  serverName: string,
  mediaId: string,
  options: RemoteMediaOptions,
): Promise<RemoteMedia> {
  const { timeoutMs, bytesMax, signal } = options;
  const common = {
    destination: serverName,
    method: 'GET' as const,
    timeoutMs: timeoutMs + answerGraceMs,
    ...(signal === undefined ? {} : { signal }),
  };
  try {
    const answer = await federation.requestStream({
      ...common,
      path: `/_matrix/federation/v1/media/download/${encodeURIComponent(mediaId)}`,
      query: { timeout_ms: timeoutMs },
      bodyBytesMax: bytesMax + multipartBytesMax,
    });
    return await readMultipart(answer, serverName, options, http);
  } catch (error) {
    if (!isUnknownEndpoint(error)) throw error;
  }
  const names = [serverName, mediaId].map(encodeURIComponent).join('/');
  const answer = await federation.requestStream({
    ...common,
    path: `/_matrix/media/v3/download/${names}`,
    query: { allow_remote: false, timeout_ms: timeoutMs },
    bodyBytesMax: bytesMax,
    isSigned: false,
  });
  return fromResponse(answer, serverName, bytesMax);
}

function isUnknownEndpoint(error: unknown): boolean {
  return (
    error instanceof FederationError && error.status === 404 && error.errcode === 'M_UNRECOGNIZED'
  );
}

async function readMultipart(
  answer: OutboundResponse,
  serverName: string,
  options: RemoteMediaOptions,
  http: RemoteMediaClients['http'],
): Promise<RemoteMedia> {
  const boundary = boundaryOf(answer.header('content-type'));
  if (boundary === undefined) {
    answer.body.discard();
    throw new FederationError('bad-answer', serverName, 'answered media that is no multipart');
  }
  const reader = new MultipartReader(answer.body, boundary);
  try {
    const file = await filePart(reader);
    const location = file.headers.get('location');
    if (location === undefined) return fromPart(file, answer, serverName, options.bytesMax);
    answer.body.discard();
    return await fromLocation(location, serverName, options, http);
  } catch (error) {
    answer.body.discard();
    throw toMediaError(serverName, error);
  }
}

/** The second part; the first one is metadata, of which there is none yet. */
async function filePart(reader: MultipartReader): Promise<Part> {
  const metadata = await reader.next();
  let length = 0;
  for await (const chunk of metadata?.body ?? []) {
    length += chunk.length;
    if (length > partHeadBytesMax) throw new MalformedMultipart('the metadata is too long');
  }
  const file = await reader.next();
  if (file === undefined) throw new MalformedMultipart('it has fewer than two parts');
  return file;
}

function fromPart(
  { headers, body }: Part,
  answer: OutboundResponse,
  serverName: string,
  bytesMax: number,
): RemoteMedia {
  const discard = (): void => answer.body.discard();
  return {
    contentType: headers.get('content-type'),
    contentDisposition: headers.get('content-disposition'),
    body: bounded(body, serverName, bytesMax, discard),
    discard,
  };
}

async function* bounded(
  body: AsyncIterable<Buffer>,
  serverName: string,
  bytesMax: number,
  discard: () => void,
): AsyncGenerator<Buffer, void, undefined> {
  let length = 0;
  try {
    for await (const chunk of body) {
      length += chunk.length;
      if (length > bytesMax) {
        throw new OutboundError('too-large', `the file is larger than ${bytesMax} bytes`);
      }
      yield chunk;
    }
  } catch (error) {
    throw toMediaError(serverName, error);
  } finally {
    discard();
  }
}

async function fromLocation(
  location: string,
  serverName: string,
  { bytesMax, timeoutMs, signal }: RemoteMediaOptions,
  http: RemoteMediaClients['http'],
): Promise<RemoteMedia> {
  const answer = await http.request({
    url: location,
    limits: {
      headersMs: timeoutMs + answerGraceMs,
      idleMs: streamIdleMs,
      totalMs: streamTotalMs,
      bodyBytesMax: bytesMax,
    },
    ...(signal === undefined ? {} : { signal }),
  });
  if (answer.status === 200) return fromResponse(answer, serverName, bytesMax);
  answer.body.discard();
  throw new FederationError('bad-answer', serverName, `its media is elsewhere: ${answer.status}`);
}

function fromResponse(
  { header, body }: OutboundResponse,
  serverName: string,
  bytesMax: number,
): RemoteMedia {
  const discard = (): void => body.discard();
  return {
    contentType: header('content-type'),
    contentDisposition: header('content-disposition'),
    body: bounded(body, serverName, bytesMax, discard),
    discard,
  };
}

function toMediaError(serverName: string, error: unknown): unknown {
  if (!(error instanceof MalformedMultipart)) return toFederationError(serverName, error);
  return new FederationError('bad-answer', serverName, error.message, { cause: error });
}
