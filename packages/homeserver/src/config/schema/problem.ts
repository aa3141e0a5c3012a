import { StartRefusal } from '../start-refusal.ts';

/** One thing wrong in the configuration. */
export interface Problem {
  /** The option as it is written, for example `listeners[0].port`. */
  readonly path: string;
  readonly expected: string;
  /** What stands there, without its content where the option is a secret. */
  readonly found: string;
  readonly file: string;
  /** Line in the file, counted from 1; absent where the option itself is absent. */
  readonly line: number | undefined;
}

/** The configuration cannot be used; carries every problem found, not only the first. */
export class ConfigError extends StartRefusal {
  override name = 'ConfigError';
  readonly problems: readonly Problem[];

  constructor(problems: readonly Problem[]) {
    const count = problems.length === 1 ? '1 problem' : `${problems.length} problems`;
    super(`${count} in the configuration:\n${problems.map(formatProblem).join('\n')}`);
    this.problems = problems;
  }
}

/** One line of text: option, place, expectation, finding. */
export function formatProblem(problem: Problem): string {
  const place = problem.line === undefined ? problem.file : `${problem.file}:${problem.line}`;
  return `  ${problem.path} (${place}): expected ${problem.expected}, found ${problem.found}`;
}
