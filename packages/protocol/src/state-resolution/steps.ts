import type { MemorySource, ResolutionSource } from './types.ts';

/**
 * An operation that stops whenever it needs something from the source. It yields a function that fetches, and goes on
 * when that is done. The algorithms are written once as such, and run with a source in memory or with one that waits.
 */
export type Steps<Result> = Generator<Fetch, Result, void>;

/** Asks the source and puts the answer where the operation finds it. */
type Fetch = (source: ResolutionSource) => PromiseLike<void> | undefined;

/** Runs to the end without waiting. */
export function runNow<Result>(steps: Steps<Result>, source: MemorySource): Result {
  let step = steps.next();
  while (step.done !== true) {
    if (step.value(source) !== undefined) throw new TypeError('the source is not in memory');
    step = steps.next();
  }
  return step.value;
}

/** Runs to the end, waiting for the source only where it answers later. Its failures are passed on. */
export async function run<Result>(steps: Steps<Result>, source: ResolutionSource): Promise<Result> {
  let step = steps.next();
  while (step.done !== true) {
    const waiting = step.value(source);
    if (waiting !== undefined) await waiting;
    step = steps.next();
  }
  return step.value;
}

/** Asks the source one question and hands the answer on. */
export function* ask<Item>(
  question: (source: ResolutionSource) => Item | PromiseLike<Item>,
  take: (answer: Item) => void,
): Steps<void> {
  yield (source) => {
    const answer = question(source);
    if (isPromiseLike(answer)) return answer.then(take);
    take(answer);
    return undefined;
  };
}

function isPromiseLike<Item>(value: Item | PromiseLike<Item>): value is PromiseLike<Item> {
  return typeof value === 'object' && value !== null && 'then' in value;
}
