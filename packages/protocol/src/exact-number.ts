/**
 * A number that a JavaScript number cannot stand for in canonical JSON: `1.0`, `1e3`, an integer beyond 2^53. It occurs
 * only in the `exact` form of what was parsed from text in a lax room version (see `parseJson`).
 */
export class ExactNumber {
  /** How canonical JSON writes it. */
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }

  /** The nearest JavaScript number. */
  valueOf(): number {
    return Number(this.text);
  }

  toJSON(): number {
    return this.valueOf();
  }
}

const INTEGER_TOKEN = /^-?[0-9]+$/;

/**
 * The value of a JSON number token: an `ExactNumber` where `numberText` of the JavaScript number would write something
 * else than the servers that wrote such events, which tell integers from floats by their notation.
 */
export function exactNumber(token: string): number | ExactNumber {
  const value = Number(token);
  const isInteger = INTEGER_TOKEN.test(token);
  const text = isInteger ? (value === 0 ? '0' : token) : floatText(value);
  return text === numberText(value) ? value : new ExactNumber(text);
}

/** How canonical JSON writes a JavaScript number: one with an integer value as an integer. */
export function numberText(value: number): string {
  // String(-0) is '0', and integers below 1e21 have no exponent.
  return Number.isInteger(value) ? String(value) : floatText(value);
}

/**
 * Writes a float as Python's `repr` does, whose habits the hashes of room versions 1 to 5 depend on: `1.0`, `1e-07`,
 * `1e+16`. The digits are those of JavaScript, the shortest that read back as the same number.
 */
function floatText(value: number): string {
  const [mantissa = '', exponentText = '0'] = value.toExponential().split('e');
  const exponent = Number(exponentText);
  if (exponent < -4 || exponent >= 16) {
    const digits = String(Math.abs(exponent)).padStart(2, '0');
    return `${mantissa}e${exponent < 0 ? '-' : '+'}${digits}`;
  }
  if (Object.is(value, -0)) return '-0.0';
  return Number.isInteger(value) ? `${value}.0` : String(value);
}
