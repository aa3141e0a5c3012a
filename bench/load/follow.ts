import { SyncClient } from './sync-client.ts';

/** A client that follows `/sync` until it is stopped. */
export interface Following {
  readonly ready: Promise<void>;
  /** Rejects with what went wrong on the way. */
  stop(): Promise<void>;
}

export function follow(port: number, token: string): Following {
  const client = new SyncClient(port, token);
  const ready = client.begin();
  let stopped = false;
  let failure: unknown;
  const loop = async (): Promise<void> => {
    await ready;
    while (!stopped) await client.next();
  };
  const running = loop().catch((error: unknown) => {
    // Closing the connection ends the last, waiting request with an error.
    if (!stopped) failure = error;
  });
  return {
    ready,
    async stop() {
      stopped = true;
      client.close();
      await running;
      if (failure !== undefined) throw new Error('a client stopped syncing', { cause: failure });
    },
  };
}
