import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';

import type { Change } from './change.ts';
import { WriteQueue } from './write-queue.ts';
import type { BatchOutcome, BatchWriter, QueuedChange } from './write-queue.ts';

/** A writer whose commits end when the test says so. */
class HeldWriter implements BatchWriter {
  readonly batches: (readonly QueuedChange[])[] = [];
  readonly #ends: ((outcome: BatchOutcome) => void)[] = [];
  #position = 0;

  apply(batch: readonly QueuedChange[]): Promise<BatchOutcome> {
    this.batches.push(batch);
    return new Promise((resolve) => this.#ends.push(resolve));
  }

  /** Ends the oldest commit; without `commitUs` as an engine that cannot tell how long one takes. */
  async end(commitUs?: number): Promise<void> {
    const batch = this.batches[this.batches.length - this.#ends.length] ?? [];
    const results = batch.map(() => {
      this.#position += 1;
      return { outcome: 'applied' as const, position: this.#position, rows: [] };
    });
    const outcome = { results, position: this.#position };
    this.#ends.shift()?.(commitUs === undefined ? outcome : { ...outcome, commitUs });
    await turn();
    await turn();
  }

  async close(): Promise<void> {}

  get sizes(): number[] {
    return this.batches.map((batch) => batch.length);
  }
}

const change: Change = { statements: [], positions: 1 };

function submit(queue: WriteQueue, count: number): void {
  for (let left = count; left > 0; left -= 1) queue.submit(change);
}

test('what comes while a commit is under way makes the next one', async () => {
  const writer = new HeldWriter();
  const queue = new WriteQueue(writer, 0);
  submit(queue, 3);
  await turn();
  submit(queue, 500);
  await turn();
  assert.deepEqual(writer.sizes, [3], 'nobody knows what a commit costs');
  await writer.end();
  assert.deepEqual(writer.sizes, [3, 500]);
});

test('a second batch is handed over where it is worth a commit, a third one waits', async () => {
  const writer = new HeldWriter();
  const queue = new WriteQueue(writer, 0);
  submit(queue, 1);
  await turn();
  await writer.end(600);
  submit(queue, 9);
  await turn();
  submit(queue, 9);
  await turn();
  assert.deepEqual(writer.sizes, [1, 9], 'nine are made in less than the 600 µs of a commit');
  submit(queue, 1);
  submit(queue, 100);
  assert.deepEqual(writer.sizes, [1, 9, 10]);
  await writer.end(600);
  assert.deepEqual(writer.sizes, [1, 9, 10, 100]);
});

test('closing waits for everything that is in flight', async () => {
  const writer = new HeldWriter();
  const queue = new WriteQueue(writer, 0);
  submit(queue, 1);
  await turn();
  await writer.end(60);
  submit(queue, 1);
  submit(queue, 1);
  await turn();
  assert.deepEqual(writer.sizes, [1, 1, 1]);
  let isClosed = false;
  const closing = queue.close().then(() => (isClosed = true));
  await writer.end(60);
  assert.equal(isClosed, false);
  await writer.end(60);
  await closing;
  assert.throws(() => queue.submit(change), /closed/);
});
