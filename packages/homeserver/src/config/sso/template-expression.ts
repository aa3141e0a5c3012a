/** What is done with a value, one after the other. */
export interface Step {
  readonly name: StepName;
  readonly args: readonly (string | number)[];
}

/** A claim of the user, and what is made of it. */
export interface Expression {
  /** Keys from the claims downwards; a number counts from the end when it is negative. */
  readonly path: readonly (string | number)[];
  readonly steps: readonly Step[];
}

/** Each with how many texts it takes. `item` is an index into what a step before gave. */
const argumentCounts = {
  item: 1,
  split: 1,
  lower: 0,
  upper: 0,
  strip: 0,
  trim: 0,
  capitalize: 0,
  localpart_from_email: 0,
  replace: 2,
  default: 1,
} as const;

export type StepName = keyof typeof argumentCounts;

const methods: ReadonlySet<string> = new Set(['split', 'lower', 'upper', 'strip', 'replace']);
const filters: ReadonlySet<string> = new Set([
  'lower',
  'upper',
  'trim',
  'capitalize',
  'localpart_from_email',
  'replace',
  'default',
]);

const TOKEN = /\s*(?:([A-Za-z_]\w*)|(-?\d{1,6})|'([^'\\]*)'|"([^"\\]*)"|([.|()[\],]))/y;

type Token =
  | { readonly kind: 'name' | 'text' | 'sign'; readonly value: string }
  | { readonly kind: 'number'; readonly value: number };

/** Reads what stands between `{{` and `}}`; undefined for what is not understood. */
export function parseExpression(text: string): Expression | undefined {
  const tokens = tokenize(text);
  return tokens === undefined ? undefined : new ExpressionReader(tokens).read();
}

function tokenize(text: string): Token[] | undefined {
  const tokens: Token[] = [];
  const trimmed = text.trimEnd();
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < trimmed.length) {
    const match = TOKEN.exec(trimmed);
    if (match === null) return undefined;
    const [, name, digits, single, double, sign] = match;
    if (name !== undefined) tokens.push({ kind: 'name', value: name });
    else if (digits !== undefined) tokens.push({ kind: 'number', value: Number(digits) });
    else if (sign !== undefined) tokens.push({ kind: 'sign', value: sign });
    else tokens.push({ kind: 'text', value: single ?? double ?? '' });
  }
  return tokens;
}

class ExpressionReader {
  readonly #tokens: readonly Token[];
  #next = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  read(): Expression | undefined {
    if (this.#take('name')?.value !== 'user') return undefined;
    const path: (string | number)[] = [];
    const steps: Step[] = [];
    while (this.#next < this.#tokens.length) {
      const step = this.#readPart();
      if (step === undefined) return undefined;
      if (typeof step === 'object' && (step.name !== 'item' || steps.length > 0)) steps.push(step);
      else path.push(typeof step === 'object' ? (step.args[0] ?? '') : step);
    }
    return path.length === 0 ? undefined : { path, steps };
  }

  /** A key, or a step; undefined for what is neither. */
  #readPart(): string | Step | undefined {
    const sign = this.#take('sign')?.value;
    if (sign === '[') return this.#readItem();
    const name = this.#take('name')?.value;
    if (typeof name !== 'string') return undefined;
    if (sign === '|') return isStep(name, filters) ? this.#readStep(name) : undefined;
    if (sign !== '.') return undefined;
    if (!this.#isNext('(')) return name;
    return isStep(name, methods) ? this.#readStep(name) : undefined;
  }

  #readItem(): Step | undefined {
    const item = this.#take('text') ?? this.#take('number');
    return item !== undefined && this.#takeSign(']')
      ? { name: 'item', args: [item.value] }
      : undefined;
  }

  #readStep(name: StepName): Step | undefined {
    const args: (string | number)[] = [];
    if (this.#takeSign('(') && !this.#takeSign(')')) {
      do {
        const arg = this.#take('text');
        if (arg === undefined) return undefined;
        args.push(arg.value);
      } while (this.#takeSign(','));
      if (!this.#takeSign(')')) return undefined;
    }
    return args.length === argumentCounts[name] ? { name, args } : undefined;
  }

  #isNext(sign: string): boolean {
    const token = this.#tokens[this.#next];
    return token?.kind === 'sign' && token.value === sign;
  }

  #takeSign(sign: string): boolean {
    if (!this.#isNext(sign)) return false;
    this.#next += 1;
    return true;
  }

  #take(kind: Token['kind']): Token | undefined {
    const token = this.#tokens[this.#next];
    if (token?.kind !== kind) return undefined;
    this.#next += 1;
    return token;
  }
}

function isStep(name: string, allowed: ReadonlySet<string>): name is StepName {
  return allowed.has(name);
}
