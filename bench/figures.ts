/** What is measured, and how a table writes it. */
export interface FigureKind {
  readonly title: string;
  readonly digits: number;
}

export const figureKinds = {
  ratePerSecond: { title: 'sends per second', digits: 0 },
  joinsPerSecond: { title: 'joins per second', digits: 0 },
  p50Ms: { title: 'latency p50, ms', digits: 2 },
  p99Ms: { title: 'latency p99, ms', digits: 2 },
  cpuUs: { title: 'server CPU per send, µs', digits: 0 },
  writtenBytes: { title: 'written to disk per send, bytes', digits: 0 },
  requestP50Ms: { title: 'from the send’s request, p50, ms', digits: 2 },
  requestP99Ms: { title: 'from the send’s request, p99, ms', digits: 2 },
  answerP50Ms: { title: 'from the send’s 200, p50, ms', digits: 2 },
  answerP99Ms: { title: 'from the send’s 200, p99, ms', digits: 2 },
  timeMs: { title: 'time, ms', digits: 0 },
  cpuMs: { title: 'server CPU for each, ms', digits: 0 },
  megabytes: { title: 'MB', digits: 1 },
  ownMegabytes: { title: 'of it without file pages, MB', digits: 1 },
  memoryMegabytes: { title: 'memory in use at most, MB', digits: 1 },
  bytes: { title: 'bytes', digits: 0 },
  operationsPerSecond: { title: 'operations per second', digits: 0 },
  thumbnailsPerSecond: { title: 'thumbnails per second', digits: 1 },
  megabytesPerSecond: { title: 'MB/s', digits: 1 },
  transactionsPerSecond: { title: 'transactions per second', digits: 1 },
  eventsPerSecond: { title: 'events per second', digits: 0 },
  eventCpuUs: { title: 'CPU per event, µs', digits: 0 },
  delayP99Ms: { title: 'event-loop delay p99, ms', digits: 1 },
  delayMaxMs: { title: 'event-loop delay at most, ms', digits: 1 },
  p50Us: { title: 'time of one, p50, µs', digits: 1 },
  p99Us: { title: 'time of one, p99, µs', digits: 1 },
} as const satisfies Record<string, FigureKind>;

export type FigureName = keyof typeof figureKinds;

/** The figures of which more is better: those that a wanted ratio is about. */
export const rates: readonly FigureName[] = [
  'ratePerSecond',
  'operationsPerSecond',
  'megabytesPerSecond',
];
export type Figures = Partial<Record<FigureName, number>>;
