/** Runs `body` for all items, begun in their order, at most `atOnce` at a time. Resolves to what each gave. */
export async function inTurn<Item, Result>(
  items: Iterable<Item>,
  atOnce: number,
  body: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  const waiting = [...items].entries();
  const results: Result[] = [];
  const lane = async (): Promise<void> => {
    for (const [index, item] of waiting) results[index] = await body(item);
  };
  await Promise.all(Array.from({ length: atOnce }, lane));
  return results;
}
