/** The number at an index; 0 outside the list, where the algorithms here never look. */
export function numberAt(numbers: ArrayLike<number>, index: number): number {
  return numbers[index] ?? 0;
}

/** The number under a key; 0 when the map lacks it, which the algorithms here never ask for. */
export function numberUnder<Key>(numbers: ReadonlyMap<Key, number>, key: Key): number {
  return numbers.get(key) ?? 0;
}
