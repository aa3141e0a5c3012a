import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';

export interface S3Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly region: string;
}

/** A service for objects in one bucket. */
export interface S3Server {
  readonly url: string;
  /** By key. */
  readonly objects: ReadonlyMap<string, Buffer>;
  /** Answers everything with 503 while it is set. */
  isDown: boolean;
  close(): Promise<void>;
}

class Refusal extends Error {
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string) {
    super(code);
    this.status = status;
    this.code = code;
  }
}

const skewMaxMs = 15 * 60_000;

/**
 * The part of S3 that stores, reads, ranges and deletes objects by path-style addresses. It checks every request's
 * AWS Signature Version 4 and the hash of its body, as the service does.
 */
export async function startS3Server(bucket: string, credentials: S3Credentials): Promise<S3Server> {
  const objects = new Map<string, Buffer>();
  const state = { isDown: false };
  const server = createServer((request, response) => {
    answer(request, response).catch((error: unknown) => refuse(response, error));
  });
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part);
    const body = Buffer.concat(parts);
    if (state.isDown) throw new Refusal(503, 'SlowDown');
    checkSignature(request, body, credentials);
    const path = new URL(request.url ?? '/', 'http://localhost').pathname;
    const [, name, ...key] = path.split('/').map(decodeURIComponent);
    if (name !== bucket) throw new Refusal(404, 'NoSuchBucket');
    serve(request, response, { objects, key: key.join('/'), body });
  };
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    url: `http://127.0.0.1:${port}`,
    objects,
    get isDown() {
      return state.isDown;
    },
    set isDown(isDown) {
      state.isDown = isDown;
    },
    close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      return closed;
    },
  };
}

interface Asked {
  readonly objects: Map<string, Buffer>;
  readonly key: string;
  readonly body: Buffer;
}

function serve(
  { method, headers }: IncomingMessage,
  response: ServerResponse,
  { objects, key, body }: Asked,
): void {
  if (method === 'PUT') {
    if (headers['content-length'] === undefined) throw new Refusal(411, 'MissingContentLength');
    objects.set(key, body);
    response.writeHead(200, { ETag: `"${hashOf('md5', body)}"` }).end();
    return;
  }
  if (method === 'DELETE') {
    objects.delete(key);
    response.writeHead(204).end();
    return;
  }
  if (method !== 'GET') throw new Refusal(405, 'MethodNotAllowed');
  const object = objects.get(key);
  if (object === undefined) throw new Refusal(404, 'NoSuchKey');
  const range = /^bytes=(\d+)-(\d+)$/.exec(headers.range ?? '');
  if (range === null) {
    response.writeHead(200, { 'Content-Length': object.length }).end(object);
    return;
  }
  const [start, last] = [Number(range[1]), Number(range[2])];
  if (start >= object.length) throw new Refusal(416, 'InvalidRange');
  const part = object.subarray(start, last + 1);
  const contentRange = `bytes ${start}-${start + part.length - 1}/${object.length}`;
  const partHeaders = { 'Content-Length': part.length, 'Content-Range': contentRange };
  response.writeHead(206, partHeaders).end(part);
}

function refuse(response: ServerResponse, error: unknown): void {
  const refusal = error instanceof Refusal ? error : new Refusal(500, 'InternalError');
  const xml = `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${refusal.code}</Code></Error>`;
  response.writeHead(refusal.status, { 'Content-Type': 'application/xml' }).end(xml);
}

function checkSignature(
  { method = '', url = '/', headers }: IncomingMessage,
  body: Buffer,
  { accessKeyId, secretAccessKey, region }: S3Credentials,
): void {
  const match =
    /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([^/]+)\/s3\/aws4_request, *SignedHeaders=([^,]+), *Signature=([0-9a-f]{64})$/.exec(
      headers.authorization ?? '',
    );
  if (match === null) throw new Refusal(403, 'AccessDenied');
  const [, id, day, signedRegion, names = '', signature = ''] = match;
  if (id !== accessKeyId) throw new Refusal(403, 'InvalidAccessKeyId');
  if (signedRegion !== region) throw new Refusal(400, 'AuthorizationHeaderMalformed');
  const time = String(headers['x-amz-date']);
  const iso = time.replace(/^(....)(..)(..)T(..)(..)(..)Z$/, '$1-$2-$3T$4:$5:$6Z');
  if (!(Math.abs(Date.parse(iso) - Date.now()) < skewMaxMs) || !time.startsWith(`${day}T`)) {
    throw new Refusal(403, 'RequestTimeTooSkewed');
  }
  const bodyHash = String(headers['x-amz-content-sha256']);
  if (bodyHash !== hashOf('sha256', body)) throw new Refusal(400, 'XAmzContentSHA256Mismatch');
  const signed = names.split(';');
  const mustBeSigned = Object.keys(headers).filter(
    (name) => name === 'host' || name.startsWith('x-amz-'),
  );
  if (!mustBeSigned.every((name) => signed.includes(name))) throw new Refusal(403, 'AccessDenied');
  const { pathname, searchParams } = new URL(url, 'http://localhost');
  searchParams.sort();
  const canonicalHeaders = signed.map((name) => `${name}:${String(headers[name]).trim()}\n`);
  const canonical = [
    method,
    pathname,
    searchParams.toString(),
    canonicalHeaders.join(''),
    names,
    bodyHash,
  ].join('\n');
  const scope = `${day}/${region}/s3/aws4_request`;
  const toSign = `AWS4-HMAC-SHA256\n${time}\n${scope}\n${hashOf('sha256', canonical)}`;
  const keyOfDay = hmac(`AWS4${secretAccessKey}`, day ?? '');
  const key = hmac(hmac(hmac(keyOfDay, region), 's3'), 'aws4_request');
  const expected = hmac(key, toSign);
  if (!timingSafeEqual(expected, Buffer.from(signature, 'hex'))) {
    throw new Refusal(403, 'SignatureDoesNotMatch');
  }
}

function hmac(key: string | Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}

function hashOf(algorithm: 'md5' | 'sha256', content: string | Buffer): string {
  return createHash(algorithm).update(content).digest('hex');
}
