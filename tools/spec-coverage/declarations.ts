import {
  type ArrowFunctionExpression,
  type BlockStatement,
  type Expression,
  type Function as OxcFunction,
  type ParseResult,
  type Program,
  Visitor,
  type VisitorObject,
} from 'oxc-parser';

export type FunctionNode = OxcFunction | ArrowFunctionExpression;

export interface ImportedName {
  /** The module as written. */
  readonly specifier: string;
  /** What it is called there. */
  readonly name: string;
}

/** What the names in a file stand for. */
export interface Declarations {
  readonly program: Program;
  readonly functions: ReadonlyMap<string, FunctionNode>;
  readonly imports: ReadonlyMap<string, ImportedName>;
  /** What the variable of this name was given by the last declaration before the offset. */
  readonly valueBefore: (name: string, offset: number) => Expression | undefined;
}

export function declarationsOf({ program, module }: ParseResult): Declarations {
  const functions = new Map<string, FunctionNode>();
  const values = new Map<string, Expression[]>();
  new Visitor({
    FunctionDeclaration(node) {
      if (node.id !== null) functions.set(node.id.name, node);
    },
    VariableDeclarator({ id, init }) {
      if (init === null) return;
      if (id.type === 'Identifier') {
        if (init.type === 'ArrowFunctionExpression') functions.set(id.name, init);
        values.set(id.name, [...(values.get(id.name) ?? []), init]);
      } else if (id.type === 'ArrayPattern' && init.type === 'ArrayExpression') {
        id.elements.forEach((name, index) => {
          const value = init.elements[index];
          if (name?.type !== 'Identifier' || value === null || value === undefined) return;
          if (value.type === 'SpreadElement') return;
          values.set(name.name, [...(values.get(name.name) ?? []), value]);
        });
      }
    },
  }).visit(program);
  const imports = module.staticImports.flatMap(({ moduleRequest, entries }) =>
    entries.map(({ importName, localName }): [string, ImportedName] => [
      localName.value,
      { specifier: moduleRequest.value, name: importName.name ?? localName.value },
    ]),
  );
  return {
    program,
    functions,
    imports: new Map(imports),
    valueBefore: (name, offset) => values.get(name)?.findLast(({ start }) => start < offset),
  };
}

/** What a function gives: its expression, or that of its first `return`. */
export function resultOf({ body }: FunctionNode): Expression | undefined {
  if (body === null) return undefined;
  if (body.type !== 'BlockStatement') return body;
  const result = body.body.find((each) => each.type === 'ReturnStatement');
  return result?.argument ?? undefined;
}

/** The body of a function or of a loop. */
export type Body = FunctionNode['body'] | BlockStatement;

/** Visits what stands in a body, or without one the whole program. */
export function visit(program: Program, body: Body | undefined, visitor: VisitorObject): void {
  new Visitor(visitor).visit(body === undefined ? program : { ...program, body: asBody(body) });
}

function asBody(body: Body): Program['body'] {
  if (body === null) return [];
  if (body.type === 'BlockStatement') return body.body;
  const { start, end } = body;
  return [{ type: 'ExpressionStatement', expression: body, start, end }];
}
