/** A run of characters to look for, in which some stand for any character. */
export interface Wildcards {
  /** The UTF-16 units, `ANY` where any character may stand. */
  readonly units: readonly number[];
  /** How to find a long run; absent for a short one. */
  readonly long?: LongRun;
}

/** In `units`: any one character, be it one unit or two. */
export const ANY = -1;

// Up to so many units, trying at each place in turn is the quicker way.
const SHORT_UNITS_MAX = 8;

/** For each character, at which places of the run it may stand: a bit each, in words of 32. */
interface LongRun {
  readonly length: number;
  readonly places: ReadonlyMap<number, Uint32Array>;
  readonly placesOfOthers: Uint32Array;
}

/** Prepares a text in which `?` is any character. */
export function wildcardsOf(text: string): Wildcards {
  const units = Array.from({ length: text.length }, (_, index) =>
    text[index] === '?' ? ANY : text.charCodeAt(index),
  );
  return units.length <= SHORT_UNITS_MAX ? { units } : { units, long: longRunOf(text) };
}

function longRunOf(text: string): LongRun {
  const characters = Array.from(text, (character) => character.codePointAt(0) ?? 0);
  const any = '?'.charCodeAt(0);
  const placesOf = (isThere: (character: number) => boolean): Uint32Array => {
    const places = new Uint32Array(Math.ceil(characters.length / 32));
    for (const [place, character] of characters.entries()) {
      if (isThere(character)) places[place >> 5] = (places[place >> 5] ?? 0) | (1 << (place & 31));
    }
    return places;
  };
  const distinct = [...new Set(characters)].filter((character) => character !== any);
  return {
    length: characters.length,
    places: new Map(
      distinct.map((wanted) => [
        wanted,
        placesOf((character) => character === wanted || character === any),
      ]),
    ),
    placesOfOthers: placesOf((character) => character === any),
  };
}

/** Where a run that begins at an index ends, -1 when it does not match there. */
export function endOfWildcards({ units }: Wildcards, text: string, start: number): number {
  let index = start;
  for (const unit of units) {
    if (index >= text.length) return -1;
    if (unit === ANY) index += isPairAt(text, index) ? 2 : 1;
    else if (text.charCodeAt(index) === unit) index += 1;
    else return -1;
  }
  return index;
}

/** Where the first occurrence at or after an index ends that is accepted; -1 when there is none. */
export function findWildcards(
  wildcards: Wildcards,
  text: string,
  from: number,
  isAccepted: (start: number, end: number) => boolean,
): number {
  if (wildcards.long !== undefined) return findLong(wildcards.long, text, from, isAccepted);
  for (let start = from; start < text.length; start++) {
    const end = endOfWildcards(wildcards, text, start);
    if (end >= 0 && isAccepted(start, end)) return end;
  }
  return -1;
}

/**
 * The shift-and algorithm: bit n of `matched` says that the first n + 1 characters of the run end at the present one.
 * It takes each character of the text once, at the cost of a 32nd of the run's length, whatever the two look like.
 */
function findLong(
  { length, places, placesOfOthers }: LongRun,
  text: string,
  from: number,
  isAccepted: (start: number, end: number) => boolean,
): number {
  const words = placesOfOthers.length;
  const matched = new Uint32Array(words);
  const starts = new Uint32Array(length);
  const [lastWord, lastBit] = [(length - 1) >> 5, 1 << ((length - 1) & 31)];
  for (let index = from, count = 0; index < text.length; count++) {
    starts[count % length] = index;
    const character = text.codePointAt(index) ?? 0;
    index += character > 0xffff ? 2 : 1;
    const allowed = places.get(character) ?? placesOfOthers;
    let carried = 1;
    for (let word = 0; word < words; word++) {
      const before = matched[word] ?? 0;
      matched[word] = ((before << 1) | carried) & (allowed[word] ?? 0);
      carried = before >>> 31;
    }
    if (((matched[lastWord] ?? 0) & lastBit) === 0) continue;
    if (isAccepted(starts[(count + 1) % length] ?? 0, index)) return index;
  }
  return -1;
}

function isPairAt(text: string, index: number): boolean {
  const unit = text.charCodeAt(index);
  if (unit < 0xd800 || unit > 0xdbff) return false;
  const next = text.charCodeAt(index + 1);
  return next >= 0xdc00 && next <= 0xdfff;
}
