/** What is measured, and how a table writes it. */
export interface FigureKind {
  readonly title: string;
  readonly digits: number;
}

export const figureKinds = {
  ratePerSecond: { title: 'sends per second', digits: 0 },
  p50Ms: { title: 'latency p50, ms', digits: 2 },
  p99Ms: { title: 'latency p99, ms', digits: 2 },
  cpuUs: { title: 'server CPU per send, µs', digits: 0 },
  writtenBytes: { title: 'written to disk per send, bytes', digits: 0 },
  requestP50Ms: { title: 'from the send’s request, p50, ms', digits: 2 },
  requestP99Ms: { title: 'from the send’s request, p99, ms', digits: 2 },
  answerP50Ms: { title: 'from the send’s 200, p50, ms', digits: 2 },
  answerP99Ms: { title: 'from the send’s 200, p99, ms', digits: 2 },
  timeMs: { title: 'time, ms', digits: 0 },
  megabytes: { title: 'MB', digits: 1 },
  ownMegabytes: { title: 'of it without file pages, MB', digits: 1 },
  bytes: { title: 'bytes', digits: 0 },
  thumbnailsPerSecond: { title: 'thumbnails per second', digits: 1 },
  megabytesPerSecond: { title: 'MB per second', digits: 0 },
} as const satisfies Record<string, FigureKind>;

export type FigureName = keyof typeof figureKinds;
export type Figures = Partial<Record<FigureName, number>>;
