import assert from 'node:assert/strict';
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { pathOf } from './harness/api.ts';
import { logIn, registerUser } from './harness/client.ts';
import { freePort } from './harness/free-port.ts';

const script = fileURLToPath(new URL('../deploy/complement/start.sh', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'soma-complement-'));
const running: ChildProcess[] = [];
after(async () => {
  await Promise.all(running.map(stop));
  rmSync(folder, { recursive: true, force: true });
});

const hasOpenssl = (process.env['PATH'] ?? '').split(':').some((each) => {
  try {
    execFileSync(join(each, 'openssl'), ['version']);
    return true;
  } catch {
    return false;
  }
});

test(
  'servers started for the conformance suite trust each other, and one of them keeps its data',
  { skip: hasOpenssl ? false : 'openssl is not installed' },
  async () => {
    makeAuthority();
    const [one, two] = await Promise.all([start('one'), start('two')]);
    const alice = await registerUser(one, 'alice');
    const bob = await registerUser(two, 'bob');
    const seen = await bob.request('GET', `/_matrix/client/v3${pathOf`/profile/${alice.userId}`}`);
    assert.deepEqual(seen.body, { displayname: 'alice' });

    await stop(one.process);
    const again = await start('one', one.ports);
    assert.equal((await logIn(again, 'alice')).userId, alice.userId);
  },
);

function makeAuthority(): void {
  mkdirSync(join(folder, 'ca'));
  const files = ['-keyout', join(folder, 'ca/ca.key'), '-out', join(folder, 'ca/ca.crt')];
  const request = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '3'];
  execFileSync('openssl', [...request, '-subj', '/CN=Test authority', ...files], {
    stdio: 'ignore',
  });
}

interface Started {
  readonly url: string;
  readonly process: ChildProcess;
  readonly ports: readonly [client: number, federation: number];
}

async function start(name: string, given?: Started['ports']): Promise<Started> {
  const ports = given ?? ([await freePort(), await freePort()] as const);
  const [clientPort, federationPort] = ports;
  const child = spawn(script, {
    env: {
      PATH: process.env['PATH'],
      SERVER_NAME: `127.0.0.1:${federationPort}`,
      SOMA_DATA: join(folder, name),
      SOMA_BIND_ADDRESS: '127.0.0.1',
      SOMA_CLIENT_PORT: String(clientPort),
      SOMA_FEDERATION_PORT: String(federationPort),
      COMPLEMENT_FOLDER: folder,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  running.push(child);
  let output = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (output += text));
  const ended = once(child, 'exit').then(() => assert.fail(`it ended: ${output}`));
  // Read to its end: a server whose standard output nobody reads any more would end at its next line.
  const ready = new Promise<void>((resolve) => {
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      if (text.includes('is ready')) resolve();
    });
  });
  await Promise.race([ready, ended]);
  ended.catch(() => {});
  return { url: `http://127.0.0.1:${clientPort}`, process: child, ports };
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill('SIGTERM');
  await exited;
}
