import { mkdirSync, openSync } from 'node:fs';
import { dirname } from 'node:path';

import { pino } from 'pino';
import type { DestinationStream, Logger as PinoLogger } from 'pino';

import { LineBuffer } from './line-buffer.ts';
import { withSourcePositions } from './source-positions.ts';

export type Logger = PinoLogger;

export type LogLevel = 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace' | 'silent';

export interface LoggerOptions {
  /** Default `info`. */
  readonly level?: LogLevel;
  /** Default the standard output. */
  readonly filePath?: string;
  /** Instead of a file, and unbuffered: for tests, and for a caller with an output of its own. */
  readonly destination?: DestinationStream;
}

export interface LogOutput {
  readonly logger: Logger;
  /** Writes out what is buffered, before it returns. It also happens when the process exits. */
  flush(): void;
}

const bufferedCharactersMax = 16_384;
const bufferedMsMax = 250;
/** Beyond it lines are dropped: an output that nobody reads must not fill the memory. */
const unwrittenBytesMax = 16 * 1024 * 1024;

/** Structured lines of JSON, `time` in ISO 8601. */
export function createLogger(options: LoggerOptions = {}): LogOutput {
  const settings = {
    level: options.level ?? 'info',
    // Not the process id and host name: whoever collects the lines adds them.
    base: null,
    timestamp: isoTime(Date.now),
    serializers: { err: describeError },
  };
  if (options.destination !== undefined) {
    return { logger: pino(settings, options.destination), flush: () => {} };
  }
  const output = pino.destination({
    fd: openOutput(options.filePath),
    sync: false,
    maxLength: unwrittenBytesMax,
  });
  const buffer = new LineBuffer(output, bufferedCharactersMax, bufferedMsMax);
  const flush = (): void => {
    buffer.flush();
    output.flushSync();
  };
  process.once('exit', flush);
  return { logger: pino(settings, buffer), flush };
}

function describeError(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const described = pino.stdSerializers.err(error);
  return { ...described, stack: withSourcePositions(described.stack) };
}

/** Opened before the first line, so that a path that cannot be written stops the start. */
function openOutput(filePath: string | undefined): number {
  if (filePath === undefined) return process.stdout.fd;
  mkdirSync(dirname(filePath), { recursive: true });
  return openSync(filePath, 'a');
}

/** The time's part of a line. Lines of the same millisecond share the text. */
function isoTime(now: () => number): () => string {
  let lastMs = Number.NaN;
  let text = '';
  return () => {
    const nowMs = now();
    if (nowMs !== lastMs) {
      lastMs = nowMs;
      text = `,"time":"${new Date(nowMs).toISOString()}"`;
    }
    return text;
  };
}
