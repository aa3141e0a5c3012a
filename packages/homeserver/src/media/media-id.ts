import { randomInt } from 'node:crypto';

import { parseServerName } from '@soma/protocol';

import { mediaIdLengthMax } from './limits.ts';

/** What an `mxc://` URI names. */
export interface MediaName {
  readonly serverName: string;
  readonly mediaId: string;
}

const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const LENGTH = 24;

/** A media ID that nobody can guess. */
export function newMediaId(): string {
  return Array.from({ length: LENGTH }, () => letters[randomInt(letters.length)]).join('');
}

/** Client-server API, content repository, "Security considerations". */
export function isMediaId(text: string): boolean {
  return text.length <= mediaIdLengthMax && /^[A-Za-z0-9_-]+$/.test(text);
}

/** Undefined for what is not a sound `mxc://` URI. */
export function parseMxc(uri: unknown): MediaName | undefined {
  if (typeof uri !== 'string') return undefined;
  const match = /^mxc:\/\/([^/]+)\/([^/?#]+)$/.exec(uri);
  const serverName = parseServerName(match?.[1]);
  const mediaId = match?.[2] ?? '';
  return serverName === undefined || !isMediaId(mediaId) ? undefined : { serverName, mediaId };
}

export function mxcOf({ serverName, mediaId }: MediaName): string {
  return `mxc://${serverName}/${mediaId}`;
}
