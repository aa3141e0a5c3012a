import { parseSync, Visitor, type VisitorObject } from 'oxc-parser';

/** What the rules read of a TypeScript file. Lines count from 1. */
export interface SourceFile {
  readonly path: string;
  readonly text: string;
  readonly lineCount: number;
  readonly imports: readonly Import[];
  readonly functions: readonly FunctionSpan[];
  /** String literals, and template literals with their expressions left out. */
  readonly strings: readonly Snippet[];
  /** The text with the contents of comments blanked, line breaks kept. */
  readonly code: string;
  readonly lineAt: (offset: number) => number;
}

export interface Import {
  /** The module as written. */
  readonly specifier: string;
  readonly line: number;
}

export interface FunctionSpan {
  readonly line: number;
  readonly lineCount: number;
}

export interface Snippet {
  readonly text: string;
  readonly line: number;
}

/** Parses a file; throws where it is not valid TypeScript. */
export function parseSource(path: string, text: string): SourceFile {
  const parsed = parseSync(path, text);
  const [error] = parsed.errors;
  if (error !== undefined) throw new Error(`${path} does not parse: ${error.message}`);
  const lineAt = lineFinder(text);
  const functions: FunctionSpan[] = [];
  const strings: Snippet[] = [];
  new Visitor({
    ...functionVisitor(lineAt, functions),
    ...stringVisitor(lineAt, strings),
  }).visit(parsed.program);
  const { staticImports, staticExports, dynamicImports } = parsed.module;
  const requests = [
    ...staticImports.map(({ moduleRequest }) => moduleRequest),
    ...staticExports.flatMap(({ entries }) => entries.map(({ moduleRequest }) => moduleRequest)),
  ];
  const imports = requests
    .filter((request) => request !== null)
    .map(({ value, start }) => ({ specifier: value, line: lineAt(start) }));
  for (const { start, end } of dynamicImports.map(({ moduleRequest }) => moduleRequest)) {
    const quoted = /^(['"`])(.*)\1$/.exec(text.slice(start, end));
    if (quoted?.[2] !== undefined) imports.push({ specifier: quoted[2], line: lineAt(start) });
  }
  const lineCount = lineAt(text.trimEnd().length);
  const code = blankSpans(text, parsed.comments);
  return { path, text, lineCount, imports, functions, strings, code, lineAt };
}

interface Span {
  readonly start: number;
  readonly end: number;
}

/**
 * Collects functions with a block for a body. The callback of a `describe` or `suite` only groups
 * tests, so it is left out; the tests inside it count.
 */
function functionVisitor(
  lineAt: (offset: number) => number,
  functions: FunctionSpan[],
): VisitorObject {
  const grouping = new Set<number>();
  const collect = ({ start, end }: Span): void => {
    if (grouping.has(start)) return;
    const line = lineAt(start);
    functions.push({ line, lineCount: lineAt(end) - line + 1 });
  };
  return {
    CallExpression(node) {
      if (node.callee.type !== 'Identifier') return;
      if (!['describe', 'suite'].includes(node.callee.name)) return;
      for (const argument of node.arguments) grouping.add(argument.start);
    },
    FunctionDeclaration: collect,
    FunctionExpression: collect,
    ArrowFunctionExpression(node) {
      if (node.body.type === 'BlockStatement') collect(node);
    },
  };
}

function stringVisitor(lineAt: (offset: number) => number, strings: Snippet[]): VisitorObject {
  return {
    Literal(node) {
      if (typeof node.value !== 'string') return;
      strings.push({ text: node.value, line: lineAt(node.start) });
    },
    TemplateLiteral(node) {
      const text = node.quasis.map(({ value }) => value.raw).join('…');
      strings.push({ text, line: lineAt(node.start) });
    },
  };
}

/** Gives a function from an offset in the text to its line, counted from 1. */
function lineFinder(text: string): (offset: number) => number {
  const starts = [0];
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) starts.push(at + 1);
  return (offset) => {
    let low = 0;
    let high = starts.length;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if ((starts[middle] ?? Infinity) <= offset) low = middle;
      else high = middle;
    }
    return low + 1;
  };
}

function blankSpans(text: string, spans: readonly Span[]): string {
  let blanked = '';
  let at = 0;
  for (const { start, end } of spans) {
    blanked += text.slice(at, start) + text.slice(start, end).replaceAll(/[^\n]/g, ' ');
    at = end;
  }
  return blanked + text.slice(at);
}
