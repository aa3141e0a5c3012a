/**
 * The texts of the elements of an array, a member of the object that a JSON text is: how an event's numbers are written
 * counts in old rooms. The text must be JSON; what is no array gives none.
 */
export function elementTexts(json: string, member: string): string[] {
  let texts: string[] = [];
  for (const [key, start, end] of membersOf(json)) {
    if (key === member && json[start] === '[') texts = elementsOf(json, start + 1, end - 1);
  }
  return texts;
}

function* membersOf(json: string): Generator<[key: string, start: number, end: number]> {
  let at = skipSpace(json, 0);
  if (json[at] !== '{') return;
  at = skipSpace(json, at + 1);
  while (json[at] === '"') {
    const keyEnd = skipString(json, at);
    const key: unknown = JSON.parse(json.slice(at, keyEnd));
    const start = skipSpace(json, skipSpace(json, keyEnd) + 1);
    const end = skipValue(json, start);
    yield [String(key), start, end];
    at = skipSpace(json, end);
    if (json[at] === ',') at = skipSpace(json, at + 1);
  }
}

function elementsOf(json: string, start: number, end: number): string[] {
  const texts: string[] = [];
  for (let at = skipSpace(json, start); at < end; at = skipSpace(json, at)) {
    const elementEnd = skipValue(json, at);
    texts.push(json.slice(at, elementEnd));
    at = skipSpace(json, elementEnd);
    if (json[at] === ',') at += 1;
  }
  return texts;
}

function skipSpace(json: string, from: number): number {
  let at = from;
  while (at < json.length && ' \n\r\t'.includes(json.charAt(at))) at += 1;
  return at;
}

/** @param from the opening quote */
function skipString(json: string, from: number): number {
  for (let end = json.indexOf('"', from + 1); end >= 0; end = json.indexOf('"', end + 1)) {
    let backslashes = 0;
    while (json[end - 1 - backslashes] === '\\') backslashes += 1;
    if (backslashes % 2 === 0) return end + 1;
  }
  return json.length + 1;
}

function skipValue(json: string, from: number): number {
  let depth = 0;
  let at = from;
  while (at < json.length) {
    const next = json.charAt(at);
    if (next === '"') {
      at = skipString(json, at);
    } else if (next === '{' || next === '[') {
      depth += 1;
      at += 1;
    } else if (next === '}' || next === ']') {
      if (depth === 0) return at;
      depth -= 1;
      at += 1;
    } else if (depth === 0 && ', \n\r\t'.includes(next)) {
      return at;
    } else {
      at += 1;
    }
    if (depth === 0 && (next === '"' || next === '}' || next === ']')) return at;
  }
  return at;
}
