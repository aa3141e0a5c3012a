/** A text of the catalogue with a name in its place. */
export function fillText(text: string, name: string): string {
  return text.replace('{}', () => name);
}
