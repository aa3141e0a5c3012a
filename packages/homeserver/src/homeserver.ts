import { setFlagsFromString } from 'node:v8';

import { readDeparting } from './accounts/account-store.ts';
import type { Config } from './config/config.ts';
import { edgeOptions } from './edge-options.ts';
import { listen } from './http/listen.ts';
import { describeListeners, urlOf } from './listener-descriptions.ts';
import { openServices } from './open-services.ts';
import { createLogger } from './telemetry/logger.ts';

/** A server that serves. */
export interface Homeserver {
  /** Where it serves, as URLs. */
  readonly addresses: readonly string[];
  /** Finishes what was accepted; resolves when nothing is open any more. */
  stop(): Promise<void>;
}

/** How long running requests may take to finish when the server stops. */
const STOP_GRACE_MS = 10_000;

/** The composition root: opens everything by hand, lowest first, and serves until it is stopped. */
export async function startHomeserver(config: Config): Promise<Homeserver> {
  const { logger, flush } = createLogger({ level: config.logging.level });
  const opened = await openServices(config, logger);
  const { services, close } = opened;
  const { database } = services.accounts;
  const edge = await listen(describeListeners(config), edgeOptions(config, logger, opened));
  // Whose account ended while the server was stopping.
  for (const userNid of await readDeparting(database.reader)) {
    await services.departUser(userNid);
  }
  // Loading is over: from here on V8 may give new objects as much space as the load wants (see bin/boot.mjs).
  setFlagsFromString('--semi-space-growth-factor=2');
  return {
    addresses: edge.addresses.map(urlOf),
    stop: async () => {
      await edge.close(STOP_GRACE_MS);
      await close();
      flush();
    },
  };
}
