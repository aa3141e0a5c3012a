/** For an option of commander that may be repeated: gathers its values in order. */
export function collect(value: string, before: readonly string[] = []): string[] {
  return [...before, value];
}
