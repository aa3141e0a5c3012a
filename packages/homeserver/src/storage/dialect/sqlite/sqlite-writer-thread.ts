/** The writer: a thread with the only writing connection. Takes batches, commits each, answers. */
import type { KeyObject } from 'node:crypto';
import { parentPort, workerData } from 'node:worker_threads';
import type { MessagePort } from 'node:worker_threads';

import { END_OF_BATCHES } from '../../batch-encoding.ts';
import type { EncodedBatch } from '../../batch-encoding.ts';
import { BatchApplier } from './batch-applier.ts';
import { openWritingConnection } from './open-sqlite.ts';

function serve(port: MessagePort, path: string): void {
  const connection = openWritingConnection(path);
  const applier = new BatchApplier(connection);
  port.on('message', (message: string | KeyObject) => {
    if (typeof message !== 'string') {
      applier.learnKey(message);
    } else if (message === END_OF_BATCHES) {
      connection.close();
      port.close();
    } else {
      const batch: EncodedBatch = JSON.parse(message);
      port.postMessage(applier.apply(batch));
    }
  });
}

// Imported outside a thread it does nothing: that is how its code gets into the compile cache.
if (parentPort !== null) serve(parentPort, String(workerData));
