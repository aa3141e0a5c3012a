import { globSync } from 'node:fs';
import { matchesGlob, sep } from 'node:path';

const testFileGlobs = [
  'packages/*/src/**/*.test.ts',
  'tests/**/*.test.ts',
  'tools/**/*.test.ts',
  'bench/**/*.test.ts',
];

/**
 * The test files below `root`, as sorted paths relative to it with forward slashes.
 *
 * @param patterns a file is kept when its path contains one of these, or matches one as a glob;
 *   an empty list keeps every file
 */
export function findTestFiles(root: string, patterns: readonly string[]): string[] {
  const files = globSync(testFileGlobs, { cwd: root }).map((path) => path.replaceAll(sep, '/'));
  const kept = files.filter(
    (path) => patterns.length === 0 || patterns.some((pattern) => selects(pattern, path)),
  );
  return kept.toSorted();
}

function selects(pattern: string, path: string): boolean {
  const plain = pattern.replace(/^\.\//, '');
  return path.includes(plain) || matchesGlob(path, plain);
}
