import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import { StreamFault, streamObject } from './stream-object.ts';
import type { StreamLimits, StreamedPart } from './stream-object.ts';

const limits: StreamLimits = { itemBytesMax: 1_000, itemsMax: 100, valueBytesMax: 1_000 };

async function* inPieces(text: string, size: number): AsyncGenerator<Buffer, void, undefined> {
  const bytes = Buffer.from(text, 'utf8');
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function read(
  text: string,
  { size = 7, afterStatus = false, given = limits } = {},
): Promise<StreamedPart[]> {
  const parts: StreamedPart[] = [];
  const body = inPieces(text, size);
  for await (const part of streamObject(body, ['state', 'auth_chain'], given, afterStatus)) {
    parts.push(part);
  }
  return parts;
}

test('items of the lists come one by one, other values whole, however the bytes are cut', async () => {
  const anything = fc.jsonValue({ maxDepth: 3 });
  const document = fc.record({
    state: fc.array(anything, { maxLength: 4 }),
    origin: fc.string({ unit: 'binary' }),
    auth_chain: fc.array(anything, { maxLength: 4 }),
    event: anything,
  });
  const asked = fc.asyncProperty(
    document,
    fc.integer({ min: 1, max: 40 }),
    fc.boolean(),
    fc.constantFrom(undefined, 2, '\t'),
    async (value, size, afterStatus, indent) => {
      const object = JSON.stringify(value, undefined, indent);
      const text = afterStatus ? `[200, ${object}]` : ` ${object}\n`;
      const given = { itemBytesMax: 100_000, itemsMax: 100, valueBytesMax: 100_000 };
      const found: Record<string, unknown> = { state: [], auth_chain: [] };
      for (const { key, isItem, text: part } of await read(text, { size, afterStatus, given })) {
        const before = found[key];
        if (isItem && Array.isArray(before)) before.push(JSON.parse(part));
        else found[key] = JSON.parse(part);
      }
      // What JSON cannot say apart (-0) is not told apart here.
      assert.deepEqual(found, JSON.parse(JSON.stringify(value)));
    },
  );
  await fc.assert(asked, { numRuns: 200 });
});

test('a list that is named but is no list comes as a value', async () => {
  assert.deepEqual(await read('{"state":{"a":[1]}}'), [
    { key: 'state', isItem: false, text: '{"a":[1]}' },
  ]);
});

test('what is no such object, or ends too early, is a fault', async () => {
  const faulty = [
    '',
    '[]',
    '"state"',
    '{',
    '{"state":[',
    '{"state":[1',
    '{"state":[1,',
    '{"state":[1}',
    '{"state":[1 2]',
    '{"state":[]',
    '{"state" []}',
    '{"a":1,}',
    '{,}',
    '{"a":1}}',
    '{"a":1}{"b":2}',
    '{\u0000}',
    '{"a\\x":1}',
  ];
  for (const text of faulty) await assert.rejects(read(text), StreamFault, text);
  await assert.rejects(read('{"a":1}', { afterStatus: true }), StreamFault);
  await assert.rejects(read('[200,{"a":1}', { afterStatus: true }), StreamFault);
});

test('more or longer items than allowed are a fault before the rest is read', async () => {
  const given = { itemBytesMax: 10, itemsMax: 3, valueBytesMax: 12 };
  const tooMany = '{"state":[1,2],"auth_chain":[3,4]}';
  await assert.rejects(read(tooMany, { given }), /too many items/);
  await assert.rejects(read(`{"state":["${'x'.repeat(20)}"]}`, { given }), /too long/);
  await assert.rejects(read(`{"origin":"${'x'.repeat(20)}"}`, { given }), /too long/);
  async function* endless(): AsyncGenerator<Buffer, void, undefined> {
    yield Buffer.from('{"state":["');
    for (;;) yield Buffer.from('xxxxxxxxxx');
  }
  const reading = async (): Promise<void> => {
    for await (const _ of streamObject(endless(), ['state'], given)) assert.fail('no item ends');
  };
  await assert.rejects(reading(), /too long/);
});
