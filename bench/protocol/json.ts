import assert from 'node:assert/strict';

import { canonicalJson } from '@soma/protocol';

import { sampleEvents } from './sample-events.ts';
import type { ProtocolScenario } from './scenario.ts';

export const json: ProtocolScenario = {
  name: 'json',
  title: 'JSON of events',
  about:
    'Writing 1,000 events, in turn messages, memberships, reactions and encrypted ones, as canonical JSON; ' +
    'bare is `JSON.stringify` of the same values, which neither sorts nor escapes by the specification. ' +
    'The values come from `JSON.parse`, half of them with their keys in another order.',
  measures: () => {
    const events = sampleEvents(1000);
    const bytes = Buffer.byteLength(JSON.stringify(events));
    assert.equal(canonicalJson(events).length, JSON.stringify(events).length);
    return [
      {
        title: 'write canonical JSON',
        soma: () => events.map(canonicalJson),
        bare: () => events.map((event) => JSON.stringify(event)),
        ratioWanted: 0.6,
        operations: events.length,
        bytes,
      },
    ];
  },
};
