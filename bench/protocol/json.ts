import assert from 'node:assert/strict';

import { canonicalJson, checkCanonicalJson } from '@soma/protocol';

import { sampleEvents } from './sample-events.ts';
import type { ProtocolScenario } from './scenario.ts';

const eventCount = 1000;

export const json: ProtocolScenario = {
  name: 'json',
  title: 'JSON of events',
  about:
    `${eventCount.toLocaleString('en')} events, in turn messages, memberships, encrypted ones and reactions, half of ` +
    'them with their keys in another order. Writing is canonical JSON, bare `JSON.stringify` of the same values, which ' +
    'does not sort. Reading is `JSON.parse` and the check that canonical JSON can express the value, bare `JSON.parse` alone.',
  measures: () => {
    const events = sampleEvents(eventCount);
    const texts = events.map((event) => JSON.stringify(event));
    const bytes = Buffer.byteLength(texts.join(''));
    assert.equal(Buffer.byteLength(events.map(canonicalJson).join('')), bytes);
    const size = { operations: eventCount, bytes };
    return [
      {
        title: 'write canonical JSON',
        soma: () => events.map(canonicalJson),
        bare: () => events.map((event) => JSON.stringify(event)),
        ratioWanted: 0.6,
        ...size,
      },
      {
        title: 'read and check',
        soma: () => texts.map(readStrictly),
        bare: () => texts.map((text): unknown => JSON.parse(text)),
        ...size,
      },
    ];
  },
};

function readStrictly(text: string): unknown {
  const value: unknown = JSON.parse(text);
  const fault = checkCanonicalJson(value);
  if (fault !== undefined) throw new Error(fault.reason);
  return value;
}
