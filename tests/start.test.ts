import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { after, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { api } from './harness/api.ts';
import { logIn, registerUser, sync } from './harness/client.ts';
import { freePort } from './harness/free-port.ts';
import { valueAt } from './harness/json-path.ts';

/** Of the config that the first start makes. */
const defaultPort = 8008;
const root = fileURLToPath(new URL('..', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'soma-start-'));
const dataFolder = join(folder, 'data');
const configFile = join(dataFolder, 'homeserver.yaml');
const running = new Set<Start>();
const isTaken = await accepts(defaultPort);

/** One `npm start`, as somebody types it: the machine's own Node comes first in the PATH. */
class Start {
  readonly #process: ChildProcess;
  readonly #closed: Promise<unknown>;
  out = '';
  err = '';

  constructor(...args: string[]) {
    const path = process.env['PATH'] ?? '';
    const plain = path.split(delimiter).filter((entry) => !entry.includes('node_modules'));
    this.#process = spawn('npm', ['start', '--', '--data-directory', dataFolder, ...args], {
      cwd: root,
      env: { ...process.env, PATH: plain.join(delimiter) },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#process.stdout?.setEncoding('utf8').on('data', (text: string) => (this.out += text));
    this.#process.stderr?.setEncoding('utf8').on('data', (text: string) => (this.err += text));
    this.#closed = once(this.#process, 'close').then(() => running.delete(this));
    running.add(this);
  }

  /** Resolves when the text was printed; throws when the process ends without it. */
  async seen(text: string): Promise<void> {
    const printed = async (): Promise<void> => {
      while (!this.out.includes(text) && this.#process.stdout !== null) {
        await once(this.#process.stdout, 'data');
      }
    };
    const ended = this.#closed.then(() => assert.fail(`no ${text} in ${this.out}${this.err}`));
    await Promise.race([printed(), ended]);
  }

  signal(name: NodeJS.Signals): void {
    this.#process.kill(name);
  }

  /** The exit code. */
  async end(): Promise<number | null> {
    await this.#closed;
    return this.#process.exitCode;
  }

  async stop(): Promise<void> {
    this.signal('SIGTERM');
    assert.equal(await this.end(), 0, this.out + this.err);
  }
}

after(async () => {
  for (const each of running) each.signal('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => resolve(true));
    socket.once('error', () => resolve(false));
    socket.once('close', () => socket.destroy());
    socket.unref();
  });
}

/** Lets the next starts listen where nothing else does, and gives the address. */
async function moveToFreePort(): Promise<{ url: string }> {
  const port = await freePort();
  const config = readFileSync(configFile, 'utf8');
  writeFileSync(configFile, config.replace(/port: \d+/, `port: ${port}`));
  return { url: `http://127.0.0.1:${port}` };
}

describe('npm start', () => {
  test(
    'the first start makes key and config, serves, and says what comes next',
    { skip: isTaken ? `port ${defaultPort} is taken` : false },
    async () => {
      const first = new Start();
      await first.seen('npm run soma -- register-user --admin');
      assert.match(first.out, /Made the signing key: .*localhost\.signing\.key\n/);
      assert.match(first.out, /Soma \S+ is ready: localhost on http:\/\/127\.0\.0\.1:8008/);
      assert.match(first.out, /homeserver http:\/\/localhost:8008\n/);
      assert.deepEqual(
        readdirSync(dataFolder).filter((name) => /\.(?:yaml|key|db)$/.test(name)),
        ['homeserver.db', 'homeserver.yaml', 'localhost.signing.key'],
      );
      const url = `http://127.0.0.1:${defaultPort}`;
      const { status, body } = await api(url).request('GET', '/_matrix/client/versions');
      assert.equal(status, 200);
      assert.ok(Array.isArray(valueAt(body, 'versions')));
      await first.stop();
    },
  );

  test('a start on the folder of a running server is refused', async () => {
    if (!existsSync(configFile)) await new Start().end();
    const { url } = await moveToFreePort();
    const server = new Start();
    await server.seen('is ready');
    const rival = new Start();
    assert.equal(await rival.end(), 1);
    assert.match(rival.err, /Soma cannot start\. Another Soma is running on the folder .*data\./);
    assert.equal((await api(url).request('GET', '/health')).status, 200);
    await server.stop();
  });

  test('SIGTERM lets a long poll answer, and exits with 0; accounts are there after it', async () => {
    const address = await moveToFreePort();
    const server = new Start();
    await server.seen('is ready');
    const alice = await registerUser(address, 'alice');
    const { nextBatch } = await sync(alice);
    const polled = sync(alice, { since: nextBatch, timeoutMs: 60_000 });
    // It is answered only once the server has the poll: this one came after it, on another connection.
    await alice.request('GET', '/_matrix/client/v3/account/whoami');
    await server.stop();
    assert.equal((await polled).nextBatch, nextBatch);

    const again = new Start();
    await again.seen('is ready');
    assert.doesNotMatch(again.out, /Made|Next:/);
    const whoami = await alice.request('GET', '/_matrix/client/v3/account/whoami');
    assert.deepEqual([whoami.status, valueAt(whoami.body, 'user_id')], [200, alice.userId]);
    assert.equal((await logIn(address, 'alice')).userId, alice.userId);
    await again.stop();
  });

  test('another server_name on the same database is refused, and harms nothing', async () => {
    const before = readFileSync(configFile, 'utf8');
    writeFileSync(configFile, before.replace('"localhost"', '"elsewhere.example"'));
    const other = new Start();
    assert.equal(await other.end(), 1);
    assert.match(other.err, /belongs to the server 'localhost'.*'elsewhere\.example'/);
    writeFileSync(configFile, before);
    const same = new Start();
    await same.seen('is ready');
    await same.stop();
  });
});
