/** Orders what follows each other so that each comes after those of `nids` that it follows; `nids` gives the order else. */
export function topologically(
  nids: readonly number[],
  previousOf: (nid: number) => readonly number[],
): number[] {
  const all = new Set(nids);
  const entered = new Set<number>();
  const ordered: number[] = [];
  for (const start of nids) {
    const path: { nid: number; next: number }[] = [];
    const enter = (nid: number): void => {
      if (!all.has(nid) || entered.has(nid)) return;
      entered.add(nid);
      path.push({ nid, next: 0 });
    };
    enter(start);
    for (let at = path.at(-1); at !== undefined; at = path.at(-1)) {
      const previous = previousOf(at.nid)[at.next];
      at.next += 1;
      if (previous !== undefined) {
        enter(previous);
      } else {
        path.pop();
        ordered.push(at.nid);
      }
    }
  }
  return ordered;
}
