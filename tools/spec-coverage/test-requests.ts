import { globSync, readFileSync } from 'node:fs';
import { dirname, join, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

import { type Expression, type ForOfStatement, type Node, parseSync } from 'oxc-parser';

import {
  type Declarations,
  declarationsOf,
  type FunctionNode,
  resultOf,
  visit,
} from './declarations.ts';

/** A request that a test makes; a part of the path that only the run knows is `*`. */
export interface TestRequest {
  readonly method: string;
  readonly path: string;
}

/** What an expression gives as far as its source tells. */
type Value = string | readonly string[];
type Bindings = ReadonlyMap<string, Value>;

interface Scope {
  readonly file: string;
  readonly bindings: Bindings;
  /** How many functions and names have been followed, so that a circle ends. */
  readonly depth: number;
}

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const UNKNOWN = '*';
const METHOD = /^(GET|PUT|POST|DELETE)$/;
/** These tests have sample endpoints of their own under the names of real ones. */
const SAMPLES = 'packages/homeserver/src/http/';
/** Helpers call helpers; a test's request is never further away. */
const DEPTH_MAX = 6;

/** The test files, with the requests that are written in them and in the functions that they call. */
export function readTestRequests(): ReadonlyMap<string, readonly TestRequest[]> {
  const files = globSync(['tests/**/*.test.ts', 'packages/homeserver/src/**/*.test.ts'], {
    cwd: ROOT,
  })
    .map((path) => path.replaceAll(sep, '/'))
    .filter((path) => !path.startsWith(SAMPLES))
    .toSorted();
  const reader = new RequestReader();
  return new Map(files.map((file) => [file, reader.requestsIn(file)]));
}

class RequestReader {
  readonly #declarations = new Map<string, Declarations>();

  requestsIn(file: string): readonly TestRequest[] {
    const found = new Map<string, TestRequest>();
    this.#collect(undefined, { file, bindings: new Map(), depth: 0 }, found);
    return [...found.values()];
  }

  #read(file: string): Declarations {
    let known = this.#declarations.get(file);
    if (known === undefined) {
      known = declarationsOf(parseSync(file, readFileSync(join(ROOT, file), 'utf8')));
      this.#declarations.set(file, known);
    }
    return known;
  }

  /** A request is a method with a path behind it, be it in a call or in a list. */
  #collect(
    body: FunctionNode['body'] | undefined,
    scope: Scope,
    found: Map<string, TestRequest>,
  ): void {
    const pairs = (items: readonly (Node | null)[]): void => {
      items.forEach((item, index) => {
        const next = items[index + 1];
        if (item === null || next === null || next === undefined) return;
        const [method, path] = [this.#evaluate(item, scope), this.#evaluate(next, scope)];
        if (typeof method !== 'string' || !METHOD.test(method)) return;
        if (typeof path === 'string') found.set(`${method} ${path}`, { method, path });
      });
    };
    const called = (name: string, args: readonly Node[]): void => {
      const target = this.#functionOf(name, scope);
      if (target === undefined || scope.depth >= DEPTH_MAX) return;
      const inner = this.#enter(target, args, scope);
      this.#collect(target.node.body, inner, found);
    };
    visit(this.#read(scope.file).program, body, {
      CallExpression({ callee, arguments: args }) {
        pairs(args);
        if (callee.type === 'Identifier') called(callee.name, args);
      },
      ArrayExpression: ({ elements }) => pairs(elements),
      ForOfStatement: (loop) => this.#collectInLoop(loop, scope, found),
    });
  }

  /** Goes through the body once for each element of a list that is written out. */
  #collectInLoop(
    { left, right, body }: ForOfStatement,
    scope: Scope,
    found: Map<string, TestRequest>,
  ): void {
    if (left.type !== 'VariableDeclaration' || scope.depth >= DEPTH_MAX) return;
    const pattern = left.declarations[0]?.id;
    if (pattern === undefined || body.type !== 'BlockStatement') return;
    const declared =
      right.type === 'Identifier'
        ? this.#read(scope.file).valueBefore(right.name, right.start)
        : right;
    const written = declared?.type === 'TSAsExpression' ? declared.expression : declared;
    if (written === undefined) return;
    for (const element of this.#elements(written, scope)) {
      const bindings = new Map(scope.bindings);
      bind(bindings, pattern, element);
      this.#collect(body, { ...scope, bindings, depth: scope.depth + 1 }, found);
    }
  }

  #elements(list: Node, scope: Scope): readonly Value[] {
    if (list.type !== 'ArrayExpression') {
      const value = this.#evaluate(list, scope);
      return typeof value === 'string' ? [] : value;
    }
    return list.elements.flatMap((each): readonly Value[] =>
      each?.type === 'ArrayExpression' ? [this.#evaluate(each, scope)] : this.#element(each, scope),
    );
  }

  #evaluate(node: Node, scope: Scope): Value {
    switch (node.type) {
      case 'Literal':
        return String(node.value);
      case 'TemplateLiteral':
        return this.#template(node.quasis, node.expressions, scope);
      case 'TaggedTemplateExpression':
        return this.#template(node.quasi.quasis, node.quasi.expressions, scope);
      case 'BinaryExpression':
        return this.#text(node.left, scope) + this.#text(node.right, scope);
      case 'ArrayExpression':
        return node.elements.flatMap((each) => this.#element(each, scope));
      case 'Identifier':
        return this.#named(node.name, node.start, scope);
      case 'CallExpression':
        return this.#call(node.callee, node.arguments, scope);
      default:
        return UNKNOWN;
    }
  }

  #text(node: Node, scope: Scope): string {
    const value = this.#evaluate(node, scope);
    return typeof value === 'string' ? value : UNKNOWN;
  }

  #element(node: Node | null, scope: Scope): readonly string[] {
    if (node?.type !== 'SpreadElement') return node === null ? [] : [this.#text(node, scope)];
    const value = this.#evaluate(node.argument, scope);
    return typeof value === 'string' ? [value] : value;
  }

  #template(
    quasis: readonly { readonly value: { readonly raw: string } }[],
    expressions: readonly Expression[],
    scope: Scope,
  ): string {
    const parts = quasis.map(({ value }, index) => {
      const expression = expressions[index];
      return value.raw + (expression === undefined ? '' : this.#text(expression, scope));
    });
    return parts.join('');
  }

  #named(name: string, at: number, scope: Scope): Value {
    const bound = scope.bindings.get(name);
    if (bound !== undefined) return bound;
    if (scope.depth >= DEPTH_MAX) return UNKNOWN;
    const inner = { ...scope, depth: scope.depth + 1 };
    const { valueBefore, imports } = this.#read(scope.file);
    const initial = valueBefore(name, at);
    if (initial !== undefined) return this.#evaluate(initial, inner);
    const origin = imports.get(name);
    const file = origin === undefined ? undefined : fileOf(scope.file, origin.specifier);
    if (file === undefined || origin === undefined) return UNKNOWN;
    return this.#named(origin.name, Infinity, { ...inner, file, bindings: new Map() });
  }

  /** A function that gives a path is followed; encoding and joining are done as they are written. */
  #call(callee: Node, args: readonly Node[], scope: Scope): Value {
    if (callee.type === 'Identifier') {
      if (callee.name === 'encodeURIComponent' && args[0] !== undefined) {
        return this.#evaluate(args[0], scope);
      }
      const target = this.#functionOf(callee.name, scope);
      if (target === undefined || scope.depth >= DEPTH_MAX) return UNKNOWN;
      const result = resultOf(target.node);
      return result === undefined
        ? UNKNOWN
        : this.#evaluate(result, this.#enter(target, args, scope));
    }
    return callee.type === 'MemberExpression' && callee.property.type === 'Identifier'
      ? this.#method(this.#evaluate(callee.object, scope), callee.property.name, args, scope)
      : UNKNOWN;
  }

  /** What texts and lists of them are asked for on the way to a path. */
  #method(object: Value, name: string, args: readonly Node[], scope: Scope): Value {
    const [first, second] = args;
    if (typeof object === 'string') {
      if (name !== 'replace' || first === undefined || second === undefined) return UNKNOWN;
      return object.replace(this.#text(first, scope), this.#text(second, scope));
    }
    if (name === 'join') return object.join(first === undefined ? ',' : this.#text(first, scope));
    if (name !== 'map') return UNKNOWN;
    const result = first?.type === 'ArrowFunctionExpression' ? resultOf(first) : undefined;
    if (first?.type !== 'ArrowFunctionExpression' || result === undefined) return object;
    return object.map((each) => {
      const bindings = new Map(scope.bindings);
      if (first.params[0] !== undefined) bind(bindings, first.params[0], each);
      return this.#text(result, { ...scope, bindings });
    });
  }

  #functionOf(name: string, scope: Scope): { file: string; node: FunctionNode } | undefined {
    const { functions, imports } = this.#read(scope.file);
    const node = functions.get(name);
    if (node !== undefined) return { file: scope.file, node };
    const origin = imports.get(name);
    const file = origin === undefined ? undefined : fileOf(scope.file, origin.specifier);
    if (file === undefined || origin === undefined) return undefined;
    return this.#functionOf(origin.name, { ...scope, file });
  }

  /** The scope inside a function that is called with these arguments. */
  #enter(
    { file, node }: { readonly file: string; readonly node: FunctionNode },
    args: readonly Node[],
    scope: Scope,
  ): Scope {
    // A function inside a test sees what stands around it.
    const bindings = new Map(file === scope.file ? scope.bindings : []);
    node.params.forEach((parameter, index) => {
      if (parameter.type === 'RestElement') {
        if (parameter.argument.type !== 'Identifier') return;
        const rest = args.slice(index).flatMap((each) => this.#element(each, scope));
        bindings.set(parameter.argument.name, rest);
      } else {
        const target = parameter.type === 'AssignmentPattern' ? parameter.left : parameter;
        const initial = parameter.type === 'AssignmentPattern' ? parameter.right : undefined;
        const argument = args[index] ?? initial;
        bind(bindings, target, argument === undefined ? UNKNOWN : this.#evaluate(argument, scope));
      }
    });
    return { file, bindings, depth: scope.depth + 1 };
  }
}

/** Gives the names of a pattern their values. */
function bind(bindings: Map<string, Value>, pattern: Node, value: Value): void {
  if (pattern.type === 'Identifier') bindings.set(pattern.name, value);
  if (pattern.type !== 'ArrayPattern' || typeof value === 'string') return;
  pattern.elements.forEach((each, index) => {
    if (each?.type === 'Identifier') bindings.set(each.name, value[index] ?? UNKNOWN);
  });
}

/** The file of the repository that an import names, unless it is a package or has nothing to do with tests. */
function fileOf(from: string, specifier: string): string | undefined {
  if (!specifier.startsWith('.')) return undefined;
  const file = join(dirname(from), specifier).replaceAll(sep, '/');
  return file.startsWith('tests/') || file.endsWith('-under-test.ts') ? file : undefined;
}
