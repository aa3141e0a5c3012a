/** What the tests reached of one file. */
export interface FileCoverage {
  readonly file: string;
  readonly lines: Count;
  readonly branches: Count;
  /** The numbers of lines that were not reached, or have a branch that was not. */
  readonly missed: readonly number[];
}

export interface Count {
  total: number;
  reached: number;
}

/** Reads a report in the format of lcov: per file `DA:line,hits` and `BRDA:line,block,branch,hits`. */
export function parseLcov(report: string): FileCoverage[] {
  return report
    .split('end_of_record')
    .map(parseRecord)
    .filter(({ file }) => file !== '');
}

function parseRecord(record: string): FileCoverage {
  let file = '';
  const lines: Count = { total: 0, reached: 0 };
  const branches: Count = { total: 0, reached: 0 };
  const missed = new Set<number>();
  for (const entry of record.split('\n')) {
    const [kind, rest = ''] = entry.split(/:(.*)/);
    if (kind === 'SF') file = rest;
    const count = kind === 'DA' ? lines : kind === 'BRDA' ? branches : undefined;
    if (count === undefined) continue;
    const numbers = rest.split(',').map(Number);
    count.total += 1;
    if ((numbers.at(-1) ?? 0) > 0) count.reached += 1;
    else missed.add(numbers[0] ?? 0);
  }
  return { file, lines, branches, missed: [...missed].toSorted((a, b) => a - b) };
}
