import { ACCEPTED_OPTIONS } from './accepted.ts';
import { closestName } from './closest-name.ts';
import { formatPath } from './schema/site.ts';
import type { PathSegment } from './schema/site.ts';
import { SECTIONS } from './sections.ts';
import { SYNAPSE_OPTION_NAMES } from './synapse-option-names.ts';

/** A key that no schema read. */
export interface UnreadOption {
  readonly path: readonly PathSegment[];
  /** The names that would have been read in its place. */
  readonly siblings: readonly string[];
}

/** At most two lines: one names what Synapse knows and Soma does not use, one what neither knows. */
export function optionWarnings(
  mapping: Readonly<Record<string, unknown>>,
  unread: readonly UnreadOption[],
): string[] {
  const named = unread.filter(
    ({ path }) => !(path.length === 1 && Object.hasOwn(ACCEPTED_OPTIONS, formatPath(path))),
  );
  const known = named.filter(({ path }) => SYNAPSE_OPTION_NAMES.has(pattern(path)));
  const unused = [...laterOptions(mapping), ...known.map(({ path }) => formatPath(path))];
  const unknown = named.filter((option) => !known.includes(option));
  return [
    ...(unused.length === 0 ? [] : [`Options without effect in Soma: ${unused.join(', ')}.`]),
    ...(unknown.length === 0 ? [] : [`Unknown options: ${unknown.map(withGuess).join(', ')}.`]),
  ];
}

function laterOptions(mapping: Readonly<Record<string, unknown>>): string[] {
  return Object.values(SECTIONS)
    .flatMap(({ options }) => Object.values(options))
    .filter(({ later, name }) => later && Object.hasOwn(mapping, name))
    .map(({ name }) => name);
}

function withGuess({ path, siblings }: UnreadOption): string {
  const parent = pattern(path.slice(0, -1));
  const prefix = parent === '' ? '' : `${parent}.`;
  const ofSynapse = [...SYNAPSE_OPTION_NAMES]
    .filter((name) => name.startsWith(prefix))
    .map((name) => name.slice(prefix.length))
    .filter((name) => !/[.[]/.test(name));
  const guess = closestName(String(path.at(-1)), [...siblings, ...ofSynapse]);
  return guess === undefined ? formatPath(path) : `${formatPath(path)} (did you mean ${guess}?)`;
}

/** `listeners[].port` for `listeners[0].port` */
function pattern(path: readonly PathSegment[]): string {
  return formatPath(path).replace(/\[\d+\]/g, '[]');
}
