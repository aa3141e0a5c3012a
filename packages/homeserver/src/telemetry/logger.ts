import { pino } from 'pino';
import type { DestinationStream, Logger as PinoLogger } from 'pino';

export type Logger = PinoLogger;

export type LogLevel = 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace' | 'silent';

export interface LoggerOptions {
  /** Default `info`. */
  readonly level?: LogLevel;
  /** Default the standard output. */
  readonly filePath?: string;
  /** Instead of a file: for tests, and for a caller with an output of its own. */
  readonly destination?: DestinationStream;
}

export interface LogOutput {
  readonly logger: Logger;
  /** Writes out what is buffered; to be called before the process exits. */
  flush(): void;
}

/** Lines are written together: a write per line would cost more than the line. */
const bufferedBytes = 4096;
const flushEveryMs = 1_000;

/** Structured lines of JSON. What is buffered is written at least once a second. */
export function createLogger(options: LoggerOptions = {}): LogOutput {
  const level = options.level ?? 'info';
  // Not the process id and host name: whoever collects the lines adds them.
  const settings = { level, base: null, timestamp: pino.stdTimeFunctions.isoTime };
  if (options.destination !== undefined) {
    return { logger: pino(settings, options.destination), flush: () => {} };
  }
  const output = pino.destination({
    dest: options.filePath ?? 1,
    mkdir: true,
    sync: false,
    minLength: bufferedBytes,
  });
  setInterval(() => output.flush(), flushEveryMs).unref();
  return { logger: pino(settings, output), flush: () => output.flushSync() };
}
