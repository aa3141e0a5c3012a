import type { SyncClient } from './sync-client.ts';

/** A client that follows `/sync` until it is stopped. */
export interface Following {
  /** Rejects with what went wrong on the way. */
  stop(): Promise<void>;
}

export function follow(client: SyncClient): Following {
  let stopped = false;
  let failure: unknown;
  const loop = async (): Promise<void> => {
    while (!stopped) await client.next();
  };
  const running = loop().catch((error: unknown) => {
    // Closing the connection ends the last, waiting request with an error.
    if (!stopped) failure = error;
  });
  return {
    async stop() {
      stopped = true;
      client.close();
      await running;
      if (failure !== undefined) throw new Error('a client stopped syncing', { cause: failure });
    },
  };
}
