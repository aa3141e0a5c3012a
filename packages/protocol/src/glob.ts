import { endOfWildcards, findWildcards, wildcardsOf } from './find-wildcards.ts';
import type { Wildcards } from './find-wildcards.ts';

/**
 * Glob-style matching (spec: Appendices, "Glob-style matching"): `*` is any run of characters, `?` exactly one.
 *
 * A pattern is cut at its stars into segments that must occur one after another. Taking the earliest occurrence
 * of each never loses a match, so that nothing is ever tried again, whatever a hostile pattern looks like.
 */

/** A parsed pattern. Matching is case-sensitive: fold the pattern and the text to get the other. */
export type Glob = readonly Segment[];

interface Segment {
  readonly text: string;
  /** Absent where a `?` stands for itself or there is none. */
  readonly wildcards?: Wildcards;
}

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
    .map((text) => (text.includes('?') ? { text, wildcards: wildcardsOf(text) } : { text }));
}

/** A pattern that matches this text and nothing else, stars and question marks included. */
export function literalGlob(text: string): Glob {
  return [{ text }];
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
  const isBoundary = (index: number) => isWordBoundary(text, index);
  const isWhole = rest.length === 0;
  const end = findSegment(first, text, 0, (start, endOfFirst) => {
    return isBoundary(start) && (!isWhole || isBoundary(endOfFirst));
  });
  return isWhole ? end >= 0 : end >= 0 && restMatches(rest, text, end, isBoundary);
}

function restMatches(
  segments: readonly Segment[],
  text: string,
  from: number,
  mayEndAt: (index: number) => boolean,
): boolean {
  let index = from;
  for (const segment of segments.slice(0, -1)) {
    index = findSegment(segment, text, index, () => true);
    if (index < 0) return false;
  }
  const last = segments.at(-1);
  if (last === undefined) return false;
  // An empty last segment means a star at the end, which reaches to the end of the text.
  if (last.text === '') return true;
  return findSegment(last, text, index, (_, end) => mayEndAt(end)) >= 0;
}

// Where the first occurrence of a segment at or after an index ends that is accepted, -1 when there is none.
function findSegment(
  { text: wanted, wildcards }: Segment,
  text: string,
  from: number,
  isAccepted: (start: number, end: number) => boolean,
): number {
  if (wildcards !== undefined) return findWildcards(wildcards, text, from, isAccepted);
  for (let start = text.indexOf(wanted, from); start >= 0;) {
    const end = start + wanted.length;
    if (isAccepted(start, end)) return end;
    // What ends with the text is the last one: without this, nothing would be found there for ever.
    start = end >= text.length ? -1 : text.indexOf(wanted, start + 1);
  }
  return -1;
}

// Where a segment that begins at an index ends, -1 when it does not match there.
function endOfMatch({ text: wanted, wildcards }: Segment, text: string, start: number): number {
  if (wildcards !== undefined) return endOfWildcards(wildcards, text, start);
  return text.startsWith(wanted, start) ? start + wanted.length : -1;
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
