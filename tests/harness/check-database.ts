import assert from 'node:assert/strict';
import { join } from 'node:path';

import { runCli } from './run-cli.ts';

/** Checks the database of a server that does not run. */
export async function checkDatabase({ folder }: { readonly folder: string }): Promise<void> {
  const { code, out, err } = await runCli([
    'check-database',
    '-c',
    join(folder, 'homeserver.yaml'),
  ]);
  assert.equal(code, 0, out + err);
}
