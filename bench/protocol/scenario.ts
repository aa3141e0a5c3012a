/** One subject of measurement inside this process and its table on the page. */
export interface ProtocolScenario {
  /** As `--only` names it. */
  readonly name: string;
  readonly title: string;
  /** What is done and what the figures mean, for the page. */
  readonly about: string;
  /** Builds the inputs and says what is measured on them, in the order of the table. */
  measures(): readonly Measure[];
}

/** One operation, measured by calling it again and again. */
export interface Measure {
  readonly title: string;
  /** One call of Soma's; throws when what comes out is not what should. Must not change its input. */
  soma(): unknown;
  /** What the machine does at best with the same input; absent where nothing is comparable. */
  bare?(): unknown;
  /** The least ratio of Soma's rate to that of `bare` that the project wants. */
  readonly ratioWanted?: number;
  /** The longest time of one that the project wants at p50. */
  readonly p50WantedUs?: number;
  /** The memory that one operation takes at most, in MB; measured once. */
  memoryMegabytes?(): number;
  /** How many operations one call is (1); the rate and the times are per operation. */
  readonly operations?: number;
  /** The bytes that one call goes through; with it, the rate is in MB/s. */
  readonly bytes?: number;
}
