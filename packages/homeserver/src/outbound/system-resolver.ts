import { Resolver, lookup } from 'node:dns/promises';
import { readFile } from 'node:fs/promises';

import type { ResolveHost } from './connector.ts';

const hostsPath = '/etc/hosts';
const resolver = new Resolver({ timeout: 3_000, tries: 2 });

/**
 * The addresses of a name by this machine's hosts file, by DNS, and by whatever else the system knows.
 *
 * Not by the system's own look-up first: each one holds one of the few threads on which files are read and passwords
 * hashed, for many seconds where a name server does not answer, and federation meets many of those.
 */
export const systemResolver: ResolveHost = async (hostname) => {
  const listed = addressesIn(await readFile(hostsPath, 'utf8').catch(() => ''), hostname);
  if (listed.length > 0) return listed;
  const answers = await Promise.allSettled([
    resolver.resolve4(hostname),
    resolver.resolve6(hostname),
  ]);
  const found = answers.flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : []));
  if (found.length > 0) return found;
  for (const answer of answers) {
    if (answer.status === 'rejected' && isWithoutAnswer(answer.reason)) throw answer.reason;
  }
  return (await lookup(hostname, { all: true })).map(({ address }) => address);
};

/** The addresses that a hosts file (hosts(5)) gives a name. */
export function addressesIn(hostsFile: string, hostname: string): string[] {
  const wanted = hostname.toLowerCase();
  return hostsFile.split('\n').flatMap((line) => {
    const [address, ...names] = (line.split('#', 1)[0] ?? '').trim().split(/\s+/);
    const isListed = names.some((name) => name.toLowerCase() === wanted);
    return address !== undefined && isListed ? [address] : [];
  });
}

/** Whether the name servers did not answer, so that the system would wait for them again. */
function isWithoutAnswer(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ETIMEOUT';
}
