import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const program = fileURLToPath(
  new URL('../../packages/homeserver/src/members-elsewhere-under-test.ts', import.meta.url),
);

/** Room IDs, and who of other servers is to be in them. */
export type MembersElsewhere = readonly (readonly [roomId: string, userId: string])[];

/**
 * Lets users of other servers join rooms of a server that does not run, as if their joins had come from there: for tests
 * of what needs such members, whichever way these have come.
 */
export async function addMembersElsewhere(
  server: { readonly folder: string },
  members: MembersElsewhere,
): Promise<void> {
  const args = [program, server.folder, JSON.stringify(members)];
  await promisify(execFile)(process.execPath, args);
}
