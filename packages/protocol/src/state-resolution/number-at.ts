/** The number at an index; 0 outside the list, where the algorithms here never look. */
export function numberAt(numbers: ArrayLike<number>, index: number): number {
  return numbers[index] ?? 0;
}
