import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import { globMatches, globMatchesWords, literalGlob, parseGlob } from './glob.ts';

const WHOLE: readonly (readonly [pattern: string, text: string, matches: boolean])[] = [
  ['', '', true],
  ['', 'a', false],
  ['*', '', true],
  ['*', 'anything', true],
  ['lunc?*', 'lunch plans', true],
  ['lunc?*', 'lunch', true],
  ['lunc?*', ' lunch', false],
  ['lunc?*', 'lunc', false],
  ['?', '\u{1F600}', true],
  ['??', '\u{1F600}', false],
  ['a*b*c', 'aXbYbZc', true],
  ['a*b*c', 'acb', false],
  ['a*a', 'a', false],
  ['*.example.org', 'x.example.org', true],
  ['*.example.org', 'example.org', false],
  ['a.b', 'axb', false],
  ['[a]', '[a]', true],
  ['a*', 'A', false],
];

for (const [pattern, text, matches] of WHOLE) {
  test(`"${pattern}" as a whole on "${text}": ${matches}`, () => {
    assert.equal(globMatches(parseGlob(pattern), text), matches);
  });
}

const WORDS: readonly (readonly [pattern: string, text: string, matches: boolean])[] = [
  ['ex*ple', 'an example event.', true],
  ['ex*ple', 'exple', true],
  ['ex*ple', 'an exciting triple-whammy', true],
  ['ex*ple', 'an examples event', false],
  ['cake', 'a cake!', true],
  ['cake', 'cakes', false],
  ['cake', 'cheesecake', false],
  ['cake', 'cheesecake cake', true],
  ['cake', 'cake_', false],
  ['cake', 'écake', true],
  ['@room', 'hey @room!', true],
  ['@room', 'hey@room', true],
  ['c?ke', 'my cake', true],
  ['c?ke', 'my ccake', false],
  ['*cake', 'cheesecake', true],
  ['cake*', 'a cakewalk', true],
  ['cake*', 'a pancakewalk', false],
  ['a b', 'x a b y', true],
  ['', 'anything', true],
];

for (const [pattern, text, matches] of WORDS) {
  test(`"${pattern}" among the words of "${text}": ${matches}`, () => {
    assert.equal(globMatchesWords(parseGlob(pattern), text), matches);
  });
}

test('word characters are A-Z, a-z, 0-9 and the underscore', () => {
  const word = parseGlob('cake');
  for (let unit = 0; unit < 0x180; unit++) {
    const neighbour = String.fromCharCode(unit);
    const isBoundary = !/[A-Za-z0-9_]/.test(neighbour);
    assert.equal(globMatchesWords(word, `${neighbour}cake`), isBoundary, neighbour);
    assert.equal(globMatchesWords(word, `cake${neighbour}`), isBoundary, neighbour);
  }
});

test('a literal has no wildcards', () => {
  assert.ok(globMatches(literalGlob('a*?'), 'a*?'));
  assert.ok(!globMatches(literalGlob('a*'), 'ab'));
  assert.ok(globMatchesWords(literalGlob('*star*'), 'I am *star* of it'));
  assert.ok(!globMatchesWords(literalGlob('?'), 'a'));
});

const pattern = fc.string({ unit: fc.constantFrom('a', 'b', ' ', '*', '?', '\u{1F600}') });
const text = fc.string({ unit: fc.constantFrom('a', 'b', ' ', '-', '\u{1F600}'), maxLength: 12 });

test('agrees with a regular expression', () => {
  fc.assert(
    fc.property(pattern, text, (glob, subject) => {
      const source = glob.replaceAll('*', '.*').replaceAll('?', '.');
      assert.equal(
        globMatches(parseGlob(glob), subject),
        new RegExp(`^(?:${source})$`, 'su').test(subject),
      );
      const boundary = '(?:^|$|(?<=[^a-z])|(?=[^a-z]))';
      assert.equal(
        globMatchesWords(parseGlob(glob), subject),
        new RegExp(`${boundary}(?:${source})${boundary}`, 'su').test(subject),
      );
    }),
    { numRuns: 1000 },
  );
});

test('long runs with question marks agree with a regular expression', () => {
  const unit = fc.constantFrom('a', 'a', 'a', 'b', '?', '?', '\u{1F600}');
  const run = fc.string({ unit, minLength: 30, maxLength: 70 });
  const around = fc.string({ unit: fc.constantFrom('a', 'b', ' ', '\u{1F600}'), maxLength: 5 });
  const filler = fc.constantFrom('a', ' ', 'b', '\u{1F600}');
  fc.assert(
    fc.property(run, around, around, filler, fc.boolean(), (glob, before, after, any, isBroken) => {
      const inner = glob.replaceAll('?', any);
      const subject = `${before}${isBroken ? inner.replace(/.$/u, 'x') : inner}${after}`;
      const source = glob.replaceAll('?', '.');
      for (const [stars, expression] of [
        [glob, `^(?:${source})$`],
        [`*${glob}*`, `^.*${source}.*$`],
      ] as const) {
        const matches = new RegExp(expression, 'su').test(subject);
        assert.equal(globMatches(parseGlob(stars), subject), matches, subject);
      }
      const boundary = '(?:^|$|(?<=[^a-z])|(?=[^a-z]))';
      const matchesWords = new RegExp(`${boundary}${source}${boundary}`, 'su').test(subject);
      assert.equal(globMatchesWords(parseGlob(glob), subject), matchesWords, subject);
    }),
    { numRuns: 1000 },
  );
});

test('a hostile pattern does not backtrack', () => {
  const hostile = parseGlob('*a'.repeat(200) + '*b');
  assert.ok(!globMatches(hostile, 'a'.repeat(20_000)));
  assert.ok(!globMatchesWords(hostile, 'a'.repeat(20_000)));
});
