import { createReadStream } from 'node:fs';
import type { Readable } from 'node:stream';

import { Agent, request } from 'undici';
import type { Dispatcher } from 'undici';

import type { S3Config } from '../../config/media.ts';
import { emptySha256, signedHeaders } from './aws-signature.ts';
import type { ByteRange, FileStore } from './file-store.ts';

const TIMEOUT_MS = 60_000;
const ATTEMPTS = 3;
/** Of an error's text in a message. */
const ERROR_LENGTH_MAX = 500;

/**
 * Objects in a bucket of an S3-compatible service, addressed by path. A file goes up as one request with its
 * length and hash, straight from the disk, and comes down as it is read: neither is ever held in memory.
 */
export class S3Store implements FileStore {
  readonly name: string;
  readonly #config: S3Config;
  readonly #agent = new Agent({ headersTimeout: TIMEOUT_MS, bodyTimeout: TIMEOUT_MS });

  constructor(config: S3Config) {
    this.name = `s3:${config.bucket}/${config.prefix}`;
    this.#config = config;
  }

  async put(key: string, path: string, bytes: number, sha256: string): Promise<void> {
    const { storageClass } = this.#config;
    const headers = {
      'content-length': String(bytes),
      ...(storageClass === undefined ? {} : { 'x-amz-storage-class': storageClass }),
    };
    const answer = await this.#send('PUT', key, headers, sha256, () => createReadStream(path));
    await expectStatus(answer, [200], key);
  }

  async open(
    key: string,
    { start, end }: ByteRange,
  ): Promise<AsyncIterable<Uint8Array> | undefined> {
    // A range of no bytes cannot be asked for.
    const isEmpty = end <= start;
    const headers: Record<string, string> = isEmpty ? {} : { range: `bytes=${start}-${end - 1}` };
    const answer = await this.#send('GET', key, headers, emptySha256);
    if (answer.statusCode === 404) {
      await answer.body.dump();
      return undefined;
    }
    if (![200, 206].includes(answer.statusCode)) await expectStatus(answer, [200, 206], key);
    return answer.body;
  }

  async remove(key: string): Promise<void> {
    const answer = await this.#send('DELETE', key, {}, emptySha256);
    await expectStatus(answer, [200, 204, 404], key);
  }

  async #send(
    method: 'GET' | 'PUT' | 'DELETE',
    key: string,
    headers: Readonly<Record<string, string>>,
    bodySha256: string,
    body?: () => Readable,
  ): Promise<Dispatcher.ResponseData> {
    const { endpointUrl, bucket, prefix } = this.#config;
    const path = [bucket, ...`${prefix}${key}`.split('/')].map(encodeSegment).join('/');
    const url = new URL(`${endpointUrl.replace(/\/+$/, '')}/${path}`);
    for (let attempt = 1; ; attempt += 1) {
      const signed = signedHeaders({ method, url, headers, bodySha256 }, this.#config, new Date());
      try {
        const answer = await request(url, {
          method,
          headers: signed,
          dispatcher: this.#agent,
          body: body === undefined ? null : body(),
        });
        if (answer.statusCode < 500 || attempt === ATTEMPTS) return answer;
        await answer.body.dump();
      } catch (error) {
        if (attempt === ATTEMPTS) throw new Error(`S3: ${method} ${key} failed`, { cause: error });
      }
    }
  }
}

async function expectStatus(
  { statusCode, body }: Dispatcher.ResponseData,
  wanted: readonly number[],
  key: string,
): Promise<void> {
  if (wanted.includes(statusCode)) return body.dump();
  const text = (await body.text()).slice(0, ERROR_LENGTH_MAX);
  throw new Error(`S3 answered ${statusCode} for ${key}: ${text}`);
}

/** As the signature wants it: all but letters, digits and four signs. */
function encodeSegment(segment: string): string {
  return encodeURIComponent(segment).replaceAll(
    /[!'()*]/g,
    (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
