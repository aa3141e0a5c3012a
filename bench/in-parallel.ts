/** Runs `work` on all items, so many at a time, in no particular order; results in item order. */
export async function inParallel<Item, Result>(
  items: readonly Item[],
  workers: number,
  work: (item: Item, worker: number) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = [];
  const queue = items.entries();
  const runWorker = async (worker: number): Promise<void> => {
    for (const [index, item] of queue) results[index] = await work(item, worker);
  };
  await Promise.all(
    Array.from({ length: Math.min(workers, items.length) }, (_, worker) => runWorker(worker)),
  );
  return results;
}
