import type { LoadGenerator } from './load/load-generator.ts';
import type { Sample } from './results.ts';
import type { DatabaseHome } from './targets/database-home.ts';

/** One subject of measurement and its table on the page. */
export interface Scenario {
  /** As `--only` names it. */
  readonly name: string;
  readonly title: string;
  /** What is done and what the figures mean, for the page. */
  readonly about: string;
  /** Long scenarios are content with fewer rounds. */
  readonly roundsMax: number;
  run(bench: Bench): Promise<void>;
}

/** What a scenario measures with. */
export interface Bench {
  readonly home: DatabaseHome;
  readonly load: LoadGenerator;
  readonly rounds: number;
  /** Folder for CPU profiles of Soma; undefined to take none. */
  readonly profileFolder: string | undefined;
  record(sample: Sample): void;
  /** Tells the person who waits what goes on. */
  tell(text: string): void;
}
