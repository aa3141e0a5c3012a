import assert from 'node:assert/strict';
import { hash, verify } from 'node:crypto';

import {
  buildEvent,
  contentHashMatches,
  eventIdFromReferenceText,
  parsePdu,
  referenceText,
  requiredSigners,
  verifySignatures,
  type EventTemplate,
} from '@soma/protocol';

import { knownVersion } from '../../packages/protocol/testing/room-versions.ts';
import type { Measure, ProtocolScenario } from './scenario.ts';
import { publicKeyOf, signer, verifySignature } from './signing.ts';

const pdusOfTransaction = 50;
const version = knownVersion('11');

export const events: ProtocolScenario = {
  name: 'events',
  title: 'Building and verifying events',
  about:
    'Building is a message of room version 11 with three auth events: content hash, event ID, signature and the text to ' +
    'store; bare is SHA-256 of the two texts that it hashes and Ed25519 over the second, on the same bytes. Verifying ' +
    `is a transaction of ${pdusOfTransaction} of them, from its text: parsing, checking the format and the limits, event ` +
    'IDs, content hashes and signatures; bare is Ed25519 over the same texts alone, with the same key.',
  measures: () => [building(), verifying()],
};

function building(): Measure {
  const template = templateOf(1);
  const built = buildEvent(template, signer);
  assert.ok(built.ok);
  const { hashes: _hashes, signatures: _signatures, ...unhashed } = built.pdu;
  const [content, reference] = [JSON.stringify(unhashed), referenceText(built.pdu, version)];
  return {
    title: 'build, hash and sign a message',
    soma: () => buildEvent(template, signer),
    bare: () => [
      hash('sha256', content, 'base64'),
      hash('sha256', reference, 'base64'),
      signer.sign(reference),
    ],
    ratioWanted: 0.8,
  };
}

function verifying(): Measure {
  const built = Array.from({ length: pdusOfTransaction }, (_, index) => {
    const event = buildEvent(templateOf(index), signer);
    assert.ok(event.ok);
    return event;
  });
  const text = `{"pdus":[${built.map(({ json }) => json).join(',')}]}`;
  const key = publicKeyOf(signer.publicKey);
  const signed = built.map(({ pdu }) => ({
    bytes: Buffer.from(referenceText(pdu, version)),
    signature: Buffer.from(pdu.signatures['example.org']?.['ed25519:1'] ?? '', 'base64'),
  }));
  const verified = verifyTransaction(text);
  assert.deepEqual(
    verified,
    built.map(({ eventId }) => eventId),
  );
  return {
    title: `verify a transaction of ${pdusOfTransaction} PDUs`,
    soma: () => verifyTransaction(text),
    bare: () => signed.every(({ bytes, signature }) => verify(null, bytes, key, signature)),
    operations: pdusOfTransaction,
  };
}

function verifyTransaction(text: string): string[] {
  const { pdus }: { pdus: unknown[] } = JSON.parse(text);
  return pdus.map((value) => {
    const parsed = parsePdu(value, version);
    if (!parsed.ok) throw new Error(parsed.problem.reason);
    const { pdu } = parsed;
    const reference = referenceText(pdu, version);
    const eventId = eventIdFromReferenceText(reference, version, signer);
    if (!contentHashMatches(pdu, signer)) throw new Error('the content hash is wrong');
    for (const server of requiredSigners(pdu, version)) {
      const keyOf = (): string => signer.publicKey;
      const verdict = verifySignatures(pdu.signatures, reference, server, keyOf, verifySignature);
      if (!verdict.valid) throw new Error(verdict.reason);
    }
    return eventId;
  });
}

function templateOf(index: number): EventTemplate {
  return {
    roomVersion: version,
    type: 'm.room.message',
    sender: '@alice:example.org',
    room_id: '!37iwDsDyT01UTC3QaO:example.org',
    content: {
      msgtype: 'm.text',
      body: `Message ${index}: the meeting moves to Thursday, 10 o’clock.`,
    },
    prev_events: ['$acR1l0raoZnm60CBwAVgqbZqoOFmYU81xysh1u7XcJk'],
    auth_events: [
      '$37iwD-DyT01UTC3QaO2Ot9nDS1G-rmVcGz0DYMPzG6c',
      '$Rqnc-F-dvnEYJTyHq_iKxU2bZ1CI92-kuZq3a5lr5Zg',
      '$2ZUbW1CI92-kuZq3a5lr5ZgRqnc-F-dvnEYJTyHq_iK',
    ],
    depth: index + 10,
    origin_server_ts: 1_700_000_000_000 + index,
  };
}
