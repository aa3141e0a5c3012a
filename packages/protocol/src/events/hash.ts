import { canonicalJson, isJsonObject } from '../canonical-json.ts';
import type { JsonObject } from '../canonical-json.ts';
import type { RoomVersion } from '../room-versions/types.ts';
import { decodeBase64, stripPadding } from './base64.ts';
import { keepTopLevel } from './redact.ts';
import type { HashFunction } from './types.ts';

/**
 * The content hash of an event in unpadded base64 (spec: Server-Server API, "Calculating the content hash").
 *
 * @example
 * ```ts
 * import assert from 'node:assert/strict';
 * import { hash } from 'node:crypto';
 * import { contentHash } from '@soma/protocol';
 *
 * const crypto = { sha256: (text: string) => hash('sha256', text, 'base64') };
 * const event = { type: 'X', content: {} };
 * assert.equal(contentHash(event, crypto).length, 43);
 * assert.equal(
 *   contentHash({ ...event, unsigned: { age: 1 } }, crypto),
 *   contentHash(event, crypto),
 * );
 * ```
 */
export function contentHash(pdu: JsonObject, { sha256 }: HashFunction): string {
  const { unsigned: _unsigned, signatures: _signatures, hashes: _hashes, ...hashed } = pdu;
  return stripPadding(sha256(canonicalJson(hashed)));
}

/**
 * Whether a received event's `hashes.sha256` is its content hash. False means that only a redacted form of it
 * can be trusted (spec: Server-Server API, "Validating hashes and signatures on received events").
 *
 * @example
 * ```ts
 * import assert from 'node:assert/strict';
 * import { hash } from 'node:crypto';
 * import { contentHash, contentHashMatches } from '@soma/protocol';
 *
 * const crypto = { sha256: (text: string) => hash('sha256', text, 'base64') };
 * const event = { type: 'X', content: { body: 'hello' } };
 * const hashed = { ...event, hashes: { sha256: contentHash(event, crypto) } };
 * assert.equal(contentHashMatches(hashed, crypto), true);
 * assert.equal(contentHashMatches({ ...hashed, content: {} }, crypto), false);
 * ```
 */
export function contentHashMatches(pdu: JsonObject, crypto: HashFunction): boolean {
  const { hashes } = pdu;
  const claimed = isJsonObject(hashes) ? hashes['sha256'] : undefined;
  if (typeof claimed !== 'string') return false;
  const expected = contentHash(pdu, crypto);
  return claimed === expected || sameBytes(decodeBase64(claimed), decodeBase64(expected));
}

/**
 * The canonical text that is both signed and reference-hashed: the redacted event without `signatures` and
 * `unsigned` (spec: Server-Server API, "Calculating the reference hash"). Compute it once per event.
 *
 * @example
 * ```ts
 * import assert from 'node:assert/strict';
 * import { referenceText, roomVersion } from '@soma/protocol';
 *
 * const version = roomVersion('11');
 * assert.ok(version);
 * assert.equal(
 *   referenceText({ type: 'm.room.message', content: { body: 'x' }, unsigned: {} }, version),
 *   '{"content":{},"type":"m.room.message"}',
 * );
 * ```
 */
export function referenceText(pdu: JsonObject, version: RoomVersion): string {
  return canonicalJson(keepTopLevel(pdu, version, ['signatures', 'unsigned']));
}

function sameBytes(a: Uint8Array | undefined, b: Uint8Array | undefined): boolean {
  if (a === undefined || b === undefined || a.length !== b.length) return false;
  return a.every((byte, index) => byte === b[index]);
}
