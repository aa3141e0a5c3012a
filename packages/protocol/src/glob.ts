/**
 * Glob-style matching (spec: Appendices, "Glob-style matching"): `*` is any run of characters, `?` exactly one.
 *
 * A pattern is cut at its stars into segments that must occur one after another. Taking the earliest occurrence
 * of each never loses a match, so matching is at worst the length of the text times that of the longest segment,
 * whatever a hostile pattern looks like.
 */

/** A parsed pattern. Matching is case-sensitive: fold the pattern and the text to get the other. */
export type Glob = readonly Segment[];

interface Segment {
  readonly text: string;
  /** The UTF-16 units of the text, `ANY` for a `?`; absent where a `?` stands for itself or there is none. */
  readonly units?: readonly number[];
}

const ANY = -1;

/**
 * Parses a pattern; every text is one.
 *
 * @example
 * ```ts
 * globMatches(parseGlob('*.example.org'), 'matrix.example.org'); // => true
 * ```
 */
export function parseGlob(pattern: string): Glob {
  return pattern
    .split('*')
    .map((text) => (text.includes('?') ? { text, units: unitsOf(text) } : { text }));
}

/** A pattern that matches this text and nothing else, stars and question marks included. */
export function literalGlob(text: string): Glob {
  return [{ text }];
}

function unitsOf(text: string): number[] {
  return Array.from({ length: text.length }, (_, index) =>
    text[index] === '?' ? ANY : text.charCodeAt(index),
  );
}

/**
 * Whether a pattern matches the whole text.
 *
 * @example
 * ```ts
 * const lunch = parseGlob('lunc?*');
 * globMatches(lunch, 'lunch plans'); // => true
 * globMatches(lunch, 'lunc'); // => false
 * globMatches(lunch, 'Lunch plans'); // => false
 * ```
 */
export function globMatches(glob: Glob, text: string): boolean {
  const [first, ...rest] = glob;
  if (first === undefined) return false;
  const end = endOfMatch(first, text, 0);
  if (rest.length === 0) return end === text.length;
  return end >= 0 && restMatches(rest, text, end, (at) => at === text.length);
}

/**
 * Whether a pattern matches a part of the text that starts and ends at word boundaries: the ends of the text, and
 * next to any character but `A-Z a-z 0-9 _` (spec: Client-Server API, "Push Rules", on `content.body`).
 */
export function globMatchesWords(glob: Glob, text: string): boolean {
  const [first, ...rest] = glob;
  if (first === undefined) return false;
  for (let start = findSegment(first, text, 0); start >= 0;) {
    if (isWordBoundary(text, start)) {
      const end = endOfMatch(first, text, start);
      if (rest.length > 0) return restMatches(rest, text, end, (at) => isWordBoundary(text, at));
      if (isWordBoundary(text, end)) return true;
    }
    start = findSegment(first, text, start + 1);
  }
  return false;
}

function restMatches(
  segments: readonly Segment[],
  text: string,
  from: number,
  mayEndAt: (index: number) => boolean,
): boolean {
  let index = from;
  for (const segment of segments.slice(0, -1)) {
    const start = findSegment(segment, text, index);
    if (start < 0) return false;
    index = endOfMatch(segment, text, start);
  }
  const last = segments.at(-1);
  if (last === undefined) return false;
  // An empty last segment means a star at the end, which reaches to the end of the text.
  if (last.text === '') return true;
  for (let start = findSegment(last, text, index); start >= 0;) {
    if (mayEndAt(endOfMatch(last, text, start))) return true;
    start = findSegment(last, text, start + 1);
  }
  return false;
}

// Where a segment occurs at or after an index, -1 when it does not.
function findSegment(segment: Segment, text: string, from: number): number {
  if (from > text.length) return -1;
  if (segment.units === undefined) return text.indexOf(segment.text, from);
  for (let start = from; start < text.length; start++) {
    if (endOfMatch(segment, text, start) >= 0) return start;
  }
  return -1;
}

// Where a segment that begins at an index ends, -1 when it does not match there.
function endOfMatch({ text: wanted, units }: Segment, text: string, start: number): number {
  if (units === undefined) return text.startsWith(wanted, start) ? start + wanted.length : -1;
  let index = start;
  for (const unit of units) {
    if (index >= text.length) return -1;
    if (unit === ANY) index += isPairAt(text, index) ? 2 : 1;
    else if (text.charCodeAt(index) === unit) index += 1;
    else return -1;
  }
  return index;
}

function isPairAt(text: string, index: number): boolean {
  const unit = text.charCodeAt(index);
  if (unit < 0xd800 || unit > 0xdbff) return false;
  const next = text.charCodeAt(index + 1);
  return next >= 0xdc00 && next <= 0xdfff;
}

function isWordBoundary(text: string, index: number): boolean {
  return !isWordUnit(text.charCodeAt(index - 1)) || !isWordUnit(text.charCodeAt(index));
}

// NaN, for an index outside of the text, is no word character.
function isWordUnit(unit: number): boolean {
  return (
    (unit >= 0x30 && unit <= 0x39) ||
    (unit >= 0x41 && unit <= 0x5a) ||
    unit === 0x5f ||
    (unit >= 0x61 && unit <= 0x7a)
  );
}
