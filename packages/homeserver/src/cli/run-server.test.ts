import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';

const folder = mkdtempSync(join(tmpdir(), 'soma-run-server-'));
after(() => rmSync(folder, { recursive: true }));

/** A server in place of the homeserver: it stays up, and takes `STOP_MS` to stop. */
const FAKE = `
const { runServer } = await import(process.env.RUN_SERVER);
const { createServer } = await import('node:net');
await runServer(process.argv.slice(1), async (config) => {
  if (process.env.FAIL) throw new Error('the fake fails');
  const server = createServer().listen(0, '127.0.0.1');
  const stop = () => new Promise((stopped) => setTimeout(() => {
    console.log('stopped');
    server.close(() => stopped());
  }, Number(process.env.STOP_MS ?? 0)));
  return { addresses: ['http://127.0.0.1:1'], stop };
});
`;

class Run {
  readonly #process: ChildProcessWithoutNullStreams;
  out = '';
  err = '';

  constructor(cwd: string, args: readonly string[], env: Readonly<Record<string, string>> = {}) {
    this.#process = spawn(
      process.execPath,
      ['--input-type=module', '--eval', FAKE, '--', ...args],
      {
        cwd,
        env: {
          ...process.env,
          RUN_SERVER: new URL('./run-server.ts', import.meta.url).href,
          ...env,
        },
      },
    );
    this.#process.stdout.on('data', (chunk) => (this.out += String(chunk)));
    this.#process.stderr.on('data', (chunk) => (this.err += String(chunk)));
  }

  async seen(text: string): Promise<void> {
    while (!this.out.includes(text)) {
      const ended = once(this.#process, 'close').then(() => {
        throw new Error(`ended without ${text}: ${this.out}${this.err}`);
      });
      await Promise.race([once(this.#process.stdout, 'data'), ended]);
    }
  }

  signal(name: NodeJS.Signals): void {
    this.#process.kill(name);
  }

  /** The exit code, or the signal. */
  async end(): Promise<unknown> {
    if (this.#process.exitCode === null && this.#process.signalCode === null) {
      await once(this.#process, 'close');
    }
    return this.#process.exitCode ?? this.#process.signalCode;
  }
}

function newFolder(name: string): string {
  const path = join(folder, name);
  mkdirSync(path);
  return path;
}

test('the first start makes a data folder and tells what to do; the second is short', async () => {
  const cwd = newFolder('first');
  const first = new Run(cwd, []);
  await first.seen('register-user --admin\n');
  await first.seen('./data/homeserver.yaml\n\n');
  assert.match(first.out, /^Made the signing key: \.\/data\/localhost\.signing\.key\n/);
  assert.match(first.out, /Soma \S+ is ready: localhost on http:\/\/127\.0\.0\.1:1\n/);
  assert.match(first.out, /homeserver http:\/\/localhost:8008\n/);

  const rival = new Run(cwd, []);
  assert.equal(await rival.end(), 1);
  assert.match(rival.err, /^Soma cannot start\. Another Soma is running on the folder .*data\./);

  first.signal('SIGTERM');
  assert.equal(await first.end(), 0);
  assert.match(first.out, /stopped\n$/);

  writeFileSync(join(cwd, 'data/homeserver.db'), '');
  const second = new Run(cwd, []);
  await second.seen('is ready');
  second.signal('SIGINT');
  assert.equal(await second.end(), 0);
  assert.match(second.out, /^Soma \S+ is ready: .*\nstopped\n$/);
});

test('a config of one’s own: its key and folder are made, its pid file comes and goes', async () => {
  const cwd = newFolder('own');
  const config = 'server_name: a\ndatabase: {args: {database: db/a.db}}\npid_file: soma.pid\n';
  writeFileSync(join(cwd, 'homeserver.yaml'), `${config}opentracing: {}\n`);
  const run = new Run(cwd, ['--config-path', 'homeserver.yaml']);
  await run.seen('is ready');
  assert.match(run.out, /^Made a signing key: \.\/a\.signing\.key\nSoma /);
  assert.match(run.err, /^Warning: Options without effect in Soma: opentracing\.\n$/);
  assert.match(readFileSync(join(cwd, 'soma.pid'), 'utf8'), /^\d+\n$/);
  const rival = new Run(cwd, ['-c', 'homeserver.yaml']);
  assert.equal(await rival.end(), 1);
  assert.ok(existsSync(join(cwd, 'soma.pid')));
  run.signal('SIGTERM');
  assert.equal(await run.end(), 0);
  assert.ok(!existsSync(join(cwd, 'soma.pid')));
});

test('another signal while it stops ends it at once', async () => {
  const run = new Run(newFolder('impatient'), [], { STOP_MS: '3600000' });
  await run.seen('is ready');
  run.signal('SIGTERM');
  run.signal('SIGINT');
  assert.equal(await run.end(), 1);
  assert.ok(!run.out.includes('stopped'));
});

test('the copy of a signal that npm makes does not cut the stop short', async () => {
  const run = new Run(newFolder('doubled'), [], { STOP_MS: '100' });
  await run.seen('is ready');
  run.signal('SIGINT');
  run.signal('SIGINT');
  assert.equal(await run.end(), 0);
  assert.match(run.out, /stopped\n$/);
});

test('a wrong config ends with 1 and one line per problem', async () => {
  const cwd = newFolder('wrong');
  writeFileSync(join(cwd, 'h.yaml'), 'server_name: a\nlisteners: [{port: x, type: http}]\n');
  const run = new Run(cwd, ['-c', 'h.yaml']);
  assert.equal(await run.end(), 1);
  assert.equal(
    run.err,
    'Soma cannot start. 1 problem in the configuration:\n' +
      '  listeners[0].port (h.yaml:2): expected a port number from 0 to 65535, found "x"\n',
  );
});

test('an unknown failure is printed with its stack', async () => {
  const run = new Run(newFolder('failing'), [], { FAIL: '1' });
  assert.equal(await run.end(), 1);
  assert.match(run.err, /^Soma cannot start\. Error: the fake fails\n {4}at /);
});

for (const [args, code, output] of [
  [['--help'], 0, /Usage: npm start -- \[options\]/],
  [['--version'], 0, /^\d+\.\d+\.\d+\n$/],
  [['--nonsense'], 2, /Unknown option '--nonsense'/],
  [['extra'], 2, /Unexpected argument 'extra'/],
  [['-c', 'a.yaml', '--data-directory', 'd'], 2, /either --config-path or --data-directory/],
  [['-c', 'absent.yaml'], 1, /config file absent\.yaml does not exist/],
] as const) {
  test(`${args.join(' ')} ends with ${code}`, async () => {
    const run = new Run(folder, args);
    assert.equal(await run.end(), code);
    assert.match(run.out + run.err, output);
    assert.ok(!existsSync(join(folder, 'data')));
  });
}
