const STOP_SIGNALS = ['SIGTERM', 'SIGINT'] as const;

/** npm passes a Ctrl-C on to a process that the terminal has already told. */
const REPEATED_BY_NPM_MS = 500;

/**
 * Resolves with the first signal to stop. A second one ends the process at once, except for the
 * copy of the first that npm makes.
 */
export function stopSignal(): Promise<NodeJS.Signals> {
  return new Promise((stop) => {
    let first: { signal: NodeJS.Signals; atMs: number } | undefined;
    const receive = (signal: NodeJS.Signals): void => {
      const atMs = performance.now();
      if (first === undefined) {
        first = { signal, atMs };
        stop(signal);
      } else if (signal !== first.signal || atMs - first.atMs > REPEATED_BY_NPM_MS) {
        process.exit(1);
      }
    };
    for (const signal of STOP_SIGNALS) process.on(signal, receive);
  });
}
