/** The writing thread of the bare reference: a list of rows is a commit; no list is the end. */
import { parentPort, workerData } from 'node:worker_threads';

import { RowTable } from './writer.ts';

const table = new RowTable(String(workerData));

parentPort?.on('message', (rows: readonly string[] | undefined) => {
  if (rows === undefined) {
    table.close();
    parentPort?.close();
    return;
  }
  table.insert(rows);
  parentPort?.postMessage(rows.length);
});
