import type { Rule } from '../rule.ts';
import type { SourceFile } from '../source-file.ts';
import type { Tree } from '../tree.ts';

/** I/O, clock and randomness that need no import. */
const impure =
  /\b(Date\.now|new Date|Math\.random|performance\.now|setTimeout|setInterval|fetch\(|console\.\w+|process\.(env|argv|stdout|stderr|nextTick|exit)|Buffer\.\w+)/g;

export const protocolPurity: Rule = {
  name: 'the protocol package imports nothing, and has no I/O, clock or randomness',
  check: checkProtocolPurity,
};

function checkProtocolPurity(tree: Tree): string[] {
  return tree.sources
    .filter(({ path }) => path.startsWith('packages/protocol/src/') && !path.endsWith('.test.ts'))
    .flatMap((file) => [...foreignImports(file), ...impureCalls(file)]);
}

function foreignImports({ path, imports }: SourceFile): string[] {
  return imports
    .filter(({ specifier }) => !specifier.startsWith('.'))
    .map(({ specifier, line }) => `${path}:${line} imports ${specifier}`);
}

function impureCalls({ path, code, lineAt }: SourceFile): string[] {
  return [...code.matchAll(impure)].map(
    ({ 0: found, index }) => `${path}:${lineAt(index)} uses ${found}`,
  );
}
