import { describeFound } from './site.ts';
import type { ValueType } from './value-type.ts';

const MS_PER_UNIT: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 7 * 86_400_000,
  y: 365 * 86_400_000,
};

const BYTES_PER_UNIT: Readonly<Record<string, number>> = {
  K: 1024,
  M: 1024 ** 2,
  G: 1024 ** 3,
  T: 1024 ** 4,
};

const DURATION = 'a duration: milliseconds, or a whole number with s, m, h, d, w or y';
const SIZE = 'a size: a whole number, alone or with K, M, G or T';

/** A time span, read into milliseconds. */
export const duration: ValueType<number> = {
  expected: DURATION,
  jsonSchema: { type: ['integer', 'string'], pattern: '^[0-9]+(ms|[smhdwy])?$' },
  read: (value, site) =>
    readAmount(value, parseDuration) ?? site.refuse(DURATION, describeFound(value)),
};

/** A time span that may have no end, as Synapse writes it; undefined where it has none. */
export const lifetime: ValueType<number | undefined> = {
  expected: `${DURATION}, or infinity`,
  jsonSchema: { type: ['integer', 'string'], pattern: '^([0-9]+(ms|[smhdwy])?|infinity)$' },
  read: (value, site) =>
    value === 'infinity'
      ? undefined
      : (readAmount(value, parseDuration) ??
        site.refuse(`${DURATION}, or infinity`, describeFound(value))),
};

/** After how long something is done; undefined, written as `null`, for never. */
export const retentionPeriod: ValueType<number | undefined> = {
  ...duration,
  expected: `${DURATION}, or null`,
  jsonSchema: { type: ['integer', 'string', 'null'], pattern: '^[0-9]+(ms|[smhdwy])?$' },
  nullMeansNone: true,
};

/** A number of bytes (or of entries), read into a plain number; K is 1024. */
export const size: ValueType<number> = {
  expected: SIZE,
  jsonSchema: { type: ['integer', 'string'], pattern: '^[0-9]+([KMGT](i?B)?)?$' },
  read: (value, site) => readAmount(value, parseSize) ?? site.refuse(SIZE, describeFound(value)),
};

function parseDuration(text: string): number | undefined {
  const match = /^(\d+)(ms|[smhdwy])?$/.exec(text);
  return multiply(match?.[1], MS_PER_UNIT[match?.[2] ?? 'ms']);
}

function parseSize(text: string): number | undefined {
  const match = /^(\d+)(?:([KMGT])(?:i?B)?)?$/.exec(text);
  const unit = match?.[2];
  return multiply(match?.[1], unit === undefined ? 1 : BYTES_PER_UNIT[unit]);
}

function readAmount(
  value: unknown,
  parse: (text: string) => number | undefined,
): number | undefined {
  const amount = typeof value === 'string' ? parse(value.trim()) : value;
  return typeof amount === 'number' && Number.isSafeInteger(amount) && amount >= 0
    ? amount
    : undefined;
}

function multiply(digits: string | undefined, factor: number | undefined): number | undefined {
  return digits === undefined || factor === undefined ? undefined : Number(digits) * factor;
}
