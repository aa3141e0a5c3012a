// `npm run dev`: a server to try things on, with users, rooms and history. What happens on it is
// thrown away with Ctrl-C.

import { once } from 'node:events';

import { testPassword } from '../tests/harness/client.ts';
import { startHomeserver } from '../tests/harness/homeserver-process.ts';
import { seed, type Seeded } from './dev/seed.ts';

const HOUR_MS = 3_600_000;

async function main(): Promise<void> {
  const stopped = Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]);
  // The server is a process of its own, and waiting for a signal does not keep this one alive.
  const waiting = setInterval(() => {}, HOUR_MS);
  await using server = await startHomeserver();
  process.stdout.write(describe(server, await seed(server)));
  await stopped;
  clearInterval(waiting);
}

function describe(
  { url, folder }: { readonly url: string; readonly folder: string },
  { users, rooms }: Seeded,
): string {
  return [
    `Soma runs at ${url}`,
    `Its data is in ${folder} until it stops; stop it with Ctrl-C.`,
    '',
    `Log in with the password "${testPassword}" as one of`,
    ...users.map(({ userId, accessToken }) => `  ${userId.padEnd(18)} ${accessToken}`),
    'or use the access token beside the name.',
    '',
    'Rooms:',
    ...rooms.flatMap(({ name, roomId, about }) => [`  ${name}: ${about}`, `    ${roomId}`]),
    '',
  ].join('\n');
}

await main();
