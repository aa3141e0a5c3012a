import fc from 'fast-check';

/** More than an index of PostgreSQL holds, of what does not compress. */
const incompressible = fc
  .tuple(fc.integer(), fc.constantFrom(300, 3_000, 9_000))
  .map(([seed, length]) => noise(seed, length));

/** Text that some layer may take for something else, or not hold at all. */
const awkward = fc.constantFrom(
  '',
  ' ',
  '\u0000',
  'a\u0000b',
  '\ud800',
  'a\udfffb',
  '\u001a0000',
  '\u202e\u200b﷽',
  '😀',
  '__proto__',
  'constructor',
  '%',
  '%00',
  '../..',
  "'; --",
  '{"a":1}',
  '-1',
  '9007199254740993',
  '1e400',
  'null',
  '.',
  '@',
  '@:',
  '@a:',
  '!:',
  '$',
  '#',
);

export const oddText: fc.Arbitrary<string> = fc.oneof(
  { weight: 4, arbitrary: awkward },
  { weight: 2, arbitrary: fc.string({ unit: 'binary', maxLength: 20 }) },
  { weight: 1, arbitrary: incompressible },
);

const oddNumber = fc.oneof(
  fc.constantFrom(0, -0, -1, 0.5, 1e21, -1e300, 2 ** 53, 2 ** 63, 2 ** 31, 1e-7),
  fc.integer(),
);

/** Any JSON, with keys among `names` now and then, so that it is sometimes what is looked for. */
export function anyJson(
  names: readonly string[],
  texts: fc.Arbitrary<string>,
): fc.Arbitrary<unknown> {
  const key = names.length === 0 ? oddText : fc.oneof(fc.constantFrom(...names), oddText);
  const { json } = fc.letrec<{ json: unknown }>((tie) => ({
    json: fc.oneof(
      { maxDepth: 4, depthSize: 'small' },
      fc.constantFrom(null, true, false),
      oddNumber,
      texts,
      fc.array(tie('json'), { maxLength: 3 }),
      fc
        .array(fc.tuple(key, tie('json')), { maxLength: 4 })
        .map((entries) => Object.fromEntries(entries)),
      deepArray,
    ),
  }));
  return json;
}

/** Nested as deep as the server takes it, and a little deeper. */
const deepArray = fc.constantFrom(90, 490, 510).map((depth) => {
  let nested: unknown = 0;
  for (let level = 0; level < depth; level += 1) nested = [nested];
  return nested;
});

function noise(seed: number, length: number): string {
  let state = seed | 1;
  let text = '';
  while (text.length < length) {
    state = Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x5bd1e995;
    text += String.fromCharCode(33 + (Math.abs(state) % 90));
  }
  return text;
}
