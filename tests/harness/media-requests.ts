import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';

import { pathOf, type Response } from './api.ts';
import type { TestUser } from './client.ts';
import { textAt, valueAt } from './json-path.ts';

export interface UploadOptions {
  readonly type?: string;
  readonly name?: string;
}

/** Uploads and gives the media ID. */
export async function upload(
  user: TestUser,
  bytes: Buffer | string,
  { type = 'application/octet-stream', name }: UploadOptions = {},
): Promise<string> {
  const answer = await user.request('POST', '/_matrix/media/v3/upload', {
    body: Buffer.from(bytes),
    headers: { 'content-type': type },
    ...(name === undefined ? {} : { query: { filename: name } }),
  });
  assert.equal(answer.status, 200, JSON.stringify(answer.body));
  const uri = textAt(answer.body, 'content_uri');
  assert.match(uri, /^mxc:\/\/soma\.test\/[A-Za-z]{24}$/);
  return uri.slice('mxc://soma.test/'.length);
}

export function download(
  user: TestUser,
  mediaId: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<Response> {
  const path = pathOf`/_matrix/client/v1/media/download/soma.test/${mediaId}`;
  return user.request('GET', path, { headers });
}

export function thumbnail(
  user: TestUser,
  mediaId: string,
  query: Readonly<Record<string, string | number | boolean>> = { width: 32, height: 32 },
): Promise<Response> {
  const path = pathOf`/_matrix/client/v1/media/thumbnail/soma.test/${mediaId}`;
  return user.request('GET', path, { query });
}

export function assertRefused(answer: Response, status: number, errcode: string): void {
  const found = [answer.status, valueAt(answer.body, 'errcode')];
  assert.deepEqual(found, [status, errcode], JSON.stringify(answer.body));
}

/** The files in a server's media folder, by their paths in it. */
export function mediaFiles(server: { readonly folder: string }): string[] {
  const folder = join(server.folder, 'media_store');
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .sort();
}
