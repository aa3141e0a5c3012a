import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';

import { nodeCrypto, nodeVerify } from '../../testing/node-crypto.ts';
import { knownVersion } from '../../testing/room-versions.ts';
import { canonicalJson } from '../canonical-json.ts';
import { supportedRoomVersions } from '../room-versions/room-version.ts';
import { eventIdOf } from './event-id.ts';
import { contentHash, contentHashMatches, referenceText } from './hash.ts';
import { parsePdu, parsePduText } from './parse-pdu.ts';
import { redactPdu } from './redact.ts';
import { verifySignatures } from './sign.ts';

/** A signed event, and what hashes, signatures and redaction make of it. */
interface EventFixture {
  readonly title: string;
  readonly text: string;
  readonly canonical: string;
  readonly event_id: string;
  readonly content_hash: string;
  readonly content_hash_matches: boolean;
  readonly reference_hash: string;
  readonly signature_valid: boolean;
  readonly redacted: string;
}

/** A text, and the error with which it is refused as a PDU, null where it is none. */
interface FormatFixture {
  readonly title: string;
  readonly text: string;
  readonly errcode: string | null;
  /** `PAD` in the text stands for what brings the canonical JSON to this size. */
  readonly pad_to_bytes?: number;
}

const crypto = nodeCrypto();

for (const id of supportedRoomVersions()) {
  describe(`events of version ${id}`, () => {
    const version = knownVersion(id);
    const events: readonly EventFixture[] = read(`v${id}/events.json`);
    for (const fixture of events) {
      test(fixture.title, () => {
        const parsed = parsePduText(fixture.text, version);
        assert.ok(parsed.ok);
        const { exact, json } = parsed;
        assert.equal(json, fixture.canonical);
        assert.equal(eventIdOf(exact, version, crypto), fixture.event_id);
        assert.equal(contentHash(exact, crypto), fixture.content_hash);
        assert.equal(contentHashMatches(exact, crypto), fixture.content_hash_matches);
        const text = referenceText(exact, version);
        assert.equal(crypto.sha256(text).replace('=', ''), fixture.reference_hash);
        const keys = () => crypto.publicKey;
        const signed = verifySignatures(exact.signatures, text, 'domain', keys, nodeVerify);
        assert.equal(signed.valid, fixture.signature_valid);
        const redacted = redactPdu(exact, version);
        assert.equal(canonicalJson(redacted), fixture.redacted);
        assert.equal(eventIdOf(redacted, version, crypto), fixture.event_id);
      });
    }

    const formats: readonly FormatFixture[] = read(`v${id}/format.json`);
    for (const { title, text, errcode, pad_to_bytes: size } of formats) {
      test(`the format of ${title}`, () => {
        const parsed = parsePduText(size === undefined ? text : pad(text, size), version);
        assert.equal(parsed.ok ? null : parsed.problem.errcode, errcode);
        if (parsed.ok) assert.ok(parsePdu(parsed.pdu, version).ok);
      });
    }
  });
}

function pad(text: string, bytes: number): string {
  const { length } = Buffer.from(canonicalJson(JSON.parse(text)));
  return text.replace('PAD', 'x'.repeat(bytes - length + 'PAD'.length));
}

function read(path: string) {
  const url = new URL(`../../fixtures/events/${path}`, import.meta.url);
  return JSON.parse(readFileSync(url, 'utf8'));
}
