import assert from 'node:assert/strict';

import { canonicalJson, parseJson } from '@soma/protocol';

import { knownVersion } from '../../packages/protocol/testing/room-versions.ts';
import { sampleEvents } from './sample-events.ts';
import type { ProtocolScenario } from './scenario.ts';

const eventCount = 1000;
const version = knownVersion('12');

export const json: ProtocolScenario = {
  name: 'json',
  title: 'JSON of events',
  about:
    `${eventCount.toLocaleString('en')} events, in turn messages, memberships, encrypted ones and reactions, half of ` +
    'them with their keys in another order. Writing is canonical JSON, bare `JSON.stringify` of the same values, which ' +
    'does not sort. Reading is `parseJson` of room version 12, which judges the text too, bare `JSON.parse` alone.',
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
  const parsed = parseJson(text, version);
  if (!parsed.ok) throw new Error(parsed.problem.reason);
  return parsed.value;
}
