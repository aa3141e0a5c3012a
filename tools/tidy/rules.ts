import type { Rule } from './rule.ts';
import { documentedDependencies } from './rules/documented-dependencies.ts';
import { fileSizes } from './rules/file-sizes.ts';
import { functionSizes } from './rules/function-sizes.ts';
import { importCycles } from './rules/import-cycles.ts';
import { importDirection } from './rules/import-direction.ts';
import { leftovers } from './rules/leftovers.ts';
import { machinePaths } from './rules/machine-paths.ts';
import { names } from './rules/names.ts';
import { protocolPurity } from './rules/protocol-purity.ts';
import { sqlPlacement } from './rules/sql-placement.ts';

/**
 * Every rule over the source tree. Import order is not here: oxfmt writes and checks it. Default
 * exports and `any` are not here either: oxlint refuses them.
 */
export const rules: readonly Rule[] = [
  importDirection,
  importCycles,
  protocolPurity,
  sqlPlacement,
  fileSizes,
  functionSizes,
  names,
  leftovers,
  machinePaths,
  documentedDependencies,
];
