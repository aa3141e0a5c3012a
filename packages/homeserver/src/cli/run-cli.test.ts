import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { CommanderError } from 'commander';

import { verifyPassword } from '../accounts/password-hash.ts';
import { loadConfig } from '../config/load-config.ts';
import { parseSigningKeys } from '../config/signing-key.ts';
import { StartRefusal } from '../config/start-refusal.ts';
import { COMMANDS } from './commands.ts';
import { buildProgram } from './run-cli.ts';

const folder = mkdtempSync(join(tmpdir(), 'soma-cli-'));
const SECRET = 'shared';
const NONCE = 'n0nce';

interface Result {
  readonly code: unknown;
  readonly out: string;
  readonly err: string;
}

/** Runs one command to its end; `input` is what a pipe gives it. */
async function soma(args: readonly string[], input = ''): Promise<Result> {
  const cli = new URL('../../bin/soma.mjs', import.meta.url).pathname;
  const child = spawn(process.execPath, [cli, ...args], { cwd: folder });
  let out = '';
  let err = '';
  child.stdout.on('data', (chunk) => (out += String(chunk)));
  child.stderr.on('data', (chunk) => (err += String(chunk)));
  child.stdin.end(input);
  const [code] = await once(child, 'close');
  return { code, out, err };
}

/** Runs a command in this process, without what it would print about a mistake. */
async function quietly(args: readonly string[]): Promise<void> {
  const program = buildProgram();
  for (const command of [program, ...program.commands]) {
    command.configureOutput({ writeErr: () => {}, writeOut: () => {} });
  }
  await program.parseAsync(args, { from: 'user' });
}

/** The last account that was asked for; the server answers as Synapse does. */
let asked: Readonly<Record<string, unknown>> = {};
let server: Server;
let url = '';

before(async () => {
  server = createServer((request, response) => {
    const answer = (status: number, body: object): void => {
      response.writeHead(status, { 'content-type': 'application/json' });
      response.end(JSON.stringify(body));
    };
    if (request.url !== '/_synapse/admin/v1/register') {
      answer(404, { errcode: 'M_UNRECOGNIZED', error: 'Unrecognized request.' });
    } else if (request.method === 'GET') {
      answer(200, { nonce: NONCE });
    } else {
      void readJson(request).then((body) => {
        asked = body;
        if (body['mac'] !== macOf(body)) answer(403, { errcode: 'M_FORBIDDEN', error: 'HMAC' });
        else if (body['username'] === 'taken') answer(400, { errcode: 'M_USER_IN_USE', error: '' });
        else answer(200, { user_id: `@${String(body['username'])}:a` });
      });
    }
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  url = `http://127.0.0.1:${port}`;
  const listeners = `[{port: ${port}, type: http, bind_addresses: [127.0.0.1], resources: [{names: [client]}]}]`;
  writeFileSync(
    join(folder, 'homeserver.yaml'),
    `server_name: a\nregistration_shared_secret: ${SECRET}\nlisteners: ${listeners}\n`,
  );
  writeFileSync(join(folder, 'peppered.yaml'), 'server_name: a\npassword_config: {pepper: pep}\n');
});

after(() => {
  server.close();
  rmSync(folder, { recursive: true });
});

async function readJson(request: AsyncIterable<unknown>): Promise<Record<string, unknown>> {
  let text = '';
  for await (const chunk of request) text += String(chunk);
  return Object.fromEntries(Object.entries(JSON.parse(text)));
}

function macOf(body: Readonly<Record<string, unknown>>): string {
  const { username, password, admin, user_type: type } = body;
  const parts = [NONCE, username, password, admin === true ? 'admin' : 'notadmin'];
  if (type !== undefined) parts.push(type);
  return createHmac('sha1', SECRET).update(parts.join('\0')).digest('hex');
}

test('every command has a help, and --help ends with 0', async () => {
  for (const { name } of COMMANDS) {
    const command = buildProgram().commands.find((known) => known.name() === name);
    const usage = new RegExp(`^Usage: npm run soma -- ${name} \\[options\\]`);
    assert.match(command?.helpInformation() ?? '', usage);
  }
  const { code, out } = await soma(['hash-password', '--help']);
  assert.equal(code, 0);
  assert.match(out, /--password <password>/);
});

test('a wrong command line ends with 2', async () => {
  assert.equal((await soma(['frobnicate'])).code, 2);
  for (const args of [[], ['hash-password', '--frobnicate'], ['generate-config']]) {
    await assert.rejects(quietly(args), CommanderError, args.join(' '));
  }
});

test('register-user makes an administrator with the secret of the config', async () => {
  const { code, out } = await soma(['register-user', '-u', 'ann', '-p', 'pw', '--admin']);
  assert.equal(code, 0);
  assert.equal(out, 'Made the administrator ann.\n');
  assert.equal(asked['admin'], true);
});

test('register-user with the secret, a type, and the password in a file', async () => {
  writeFileSync(join(folder, 'password'), 'päss word\n');
  const flags = ['-u', 'bot', '--password-file', 'password', '-t', 'bot', '--no-admin'];
  const { code, out } = await soma(['register-user', ...flags, '-k', SECRET, `${url}/`]);
  assert.equal(code, 0);
  assert.equal(out, 'Made the user bot.\n');
  assert.equal(asked['password'], 'päss word');
  assert.equal(asked['user_type'], 'bot');
});

test('register-user reads the password from a pipe, and nobody is made administrator unasked', async () => {
  const args = ['register-user', '-u', 'pipe', '--config', 'homeserver.yaml'];
  assert.equal((await soma(args, 'pw\n')).code, 0);
  assert.deepEqual([asked['password'], asked['admin']], ['pw', false]);
  const { code, err } = await soma(args);
  assert.equal(code, 1);
  assert.match(err, /There was no answer\.\n$/);
});

test('register-user on a name that is taken', async () => {
  const args = ['register-user', '-u', 'taken', '-p', 'pw', '--no-admin', '-k', SECRET, url];
  await assert.rejects(quietly(args), /^StartRefusal: The user taken exists already\.$/);
  const { code, out } = await soma([...args, '--exists-ok']);
  assert.deepEqual([code, out], [0, 'The user taken exists already; nothing was changed.\n']);
});

test('register-user says why it cannot', async () => {
  const refused = (args: readonly string[], message: RegExp): Promise<void> =>
    assert.rejects(
      quietly(['register-user', '-u', 'u', '-p', 'p', '--no-admin', ...args]),
      (error) => error instanceof StartRefusal && message.test(error.message),
    );
  const peppered = join(folder, 'peppered.yaml');
  await refused(['-k', 'wrong', url], /^The server refused: M_FORBIDDEN, HMAC\.$/);
  await refused(['-k', SECRET, 'http://127.0.0.1:1'], /^http:\/\/127\.0\.0\.1:1 cannot be reached/);
  await refused(['-k', SECRET, `${url}/elsewhere`], /^The server refused: M_UNRECOGNIZED/);
  await refused(['-c', peppered], /^The config has no registration_shared_secret: .*peppered/);
  await assert.rejects(
    quietly(['register-user', '-k', SECRET, '-c', peppered]),
    (error) => error instanceof CommanderError && error.code === 'commander.conflictingOption',
  );
});

test('hash-password hashes with the pepper of the config', async () => {
  const { code, out } = await soma(['hash-password', '-c', 'peppered.yaml'], 'pw\n');
  assert.equal(code, 0);
  assert.ok(await verifyPassword('pw', out.trim(), { pepper: 'pep' }));
});

test('generate-signing-key prints a key, or writes one and nothing over it', async () => {
  const { out } = await soma(['generate-signing-key']);
  assert.match(parseSigningKeys(out)[0].keyId, /^ed25519:a_/);
  const path = join(folder, 'new.key');
  await quietly(['generate-signing-key', '-o', path]);
  const content = readFileSync(path, 'utf8');
  assert.equal(statSync(path).mode & 0o777, 0o600);
  await assert.rejects(quietly(['generate-signing-key', '-o', path]), StartRefusal);
  assert.equal(readFileSync(path, 'utf8'), content);
});

test('generate-config writes a config that loads, small and full', async () => {
  for (const more of [[], ['--full']]) {
    const file = join(folder, `new${more.length}.yaml`);
    await quietly(['generate-config', '--server-name', 'b.example', '-o', file, ...more]);
    const { config } = loadConfig({ files: [file] });
    assert.equal(config.server.serverName, 'b.example');
    assert.equal(config.registration.enabled, false);
  }
  await assert.rejects(quietly(['generate-config', '--server-name', 'b example']), StartRefusal);
});
