import { convert, mapOf } from './schema/compounds.ts';
import { text } from './schema/scalars.ts';
import type { ValueType } from './schema/value-type.ts';

/** The parts of an address that a rule may name: those of Python's `urlsplit`, as in Synapse. */
export const URL_PARTS = [
  'scheme',
  'netloc',
  'path',
  'query',
  'fragment',
  'username',
  'password',
  'hostname',
  'port',
] as const;

export type UrlPart = (typeof URL_PARTS)[number];

/** The patterns by part, as JavaScript's regular expressions for the whole part; all must match. */
export type UrlRule = readonly { readonly part: UrlPart; readonly pattern: string }[];

const PATTERN = 'a glob, or a regular expression that begins with ^';

export const urlRule: ValueType<UrlRule> = convert(
  // YAML reads a port as a number.
  mapOf({
    ...text(PATTERN, () => true),
    read: (value, site) =>
      typeof value === 'number' || typeof value === 'string'
        ? String(value)
        : site.refuse(PATTERN, typeof value),
  }),
  (entries, site) => {
    const rule: { part: UrlPart; pattern: string }[] = [];
    for (const [name, written] of Object.entries(entries)) {
      const part = URL_PARTS.find((each) => each === name);
      if (part === undefined) return site.refuse(`the parts ${URL_PARTS.join(', ')}`, name);
      const pattern = written.startsWith('^') ? fromPython(written) : fromGlob(written);
      if (!isRegularExpression(pattern)) return site.child(name).refuse(PATTERN, written);
      rule.push({ part, pattern });
    }
    // Synapse blocks everything with an entry without parts; nobody means that.
    return rule.length === 0 ? site.refuse('at least one part of an address', 'none') : rule;
  },
);

/** What Python writes differently. */
function fromPython(expression: string): string {
  return expression
    .replaceAll('(?P<', '(?<')
    .replaceAll(/\(\?P=(\w+)\)/g, String.raw`\k<$1>`)
    .replaceAll(/(?<!\\)((?:\\\\)*)\\Z/g, '$1$');
}

/** As Python's `fnmatch`: `*`, `?`, `[ab]` and `[!ab]`. */
function fromGlob(glob: string): string {
  const body = glob.replaceAll(/\*+|\?|\[!?\]?[^\]]*\]|[^]/gu, (token) => {
    if (token.startsWith('*')) return '[^]*';
    if (token === '?') return '[^]';
    if (token.length > 2 && token.startsWith('[')) return characterClass(token);
    return token.replace(/[\\^$.*+?()[\]{}|/]/, String.raw`\$&`);
  });
  return `^${body}$`;
}

function characterClass(token: string): string {
  const inner = token.slice(1, -1);
  const isNegated = inner.startsWith('!');
  const members = (isNegated ? inner.slice(1) : inner).replaceAll(/[\\\]^[]/g, String.raw`\$&`);
  return `[${isNegated ? '^' : ''}${members}]`;
}

function isRegularExpression(pattern: string): boolean {
  try {
    return new RegExp(pattern).source !== '';
  } catch {
    return false;
  }
}
