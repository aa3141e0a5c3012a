import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import { MalformedMultipart, MultipartReader, boundaryOf } from './multipart-reader.ts';

async function* chunksOf(bytes: Buffer, size: number): AsyncGenerator<Buffer, void, undefined> {
  for (let index = 0; index < bytes.length; index += size)
    yield bytes.subarray(index, index + size);
}

interface ReadPart {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

async function readAll(bytes: Buffer, size: number, boundary = 'b'): Promise<ReadPart[]> {
  const reader = new MultipartReader(chunksOf(bytes, size), boundary);
  const parts: ReadPart[] = [];
  for (let part = await reader.next(); part !== undefined; part = await reader.next()) {
    const body: Buffer[] = [];
    for await (const chunk of part.body) body.push(chunk);
    parts.push({ headers: Object.fromEntries(part.headers), body: Buffer.concat(body) });
  }
  return parts;
}

function write(boundary: string, parts: readonly ReadPart[]): Buffer {
  const written = parts.flatMap(({ headers, body }) => {
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
    return [`--${boundary}\r\n${lines.join('')}\r\n`, body, '\r\n'].map((part) =>
      Buffer.from(part),
    );
  });
  return Buffer.concat([...written, Buffer.from(`--${boundary}--\r\n`)]);
}

test('parts are what was written, however the bytes are cut', async () => {
  // Bytes that look like the beginning of a delimiter are likely.
  const body = fc
    .array(fc.constantFrom('\r', '\n', '-', '--', '\r\n', '\r\n--', 'b', 'a', '\u00ff'))
    .map((pieces) => pieces.join(''))
    .filter((text) => !text.includes('\r\n--b') && !text.startsWith('--b'))
    .map((text) => Buffer.from(text, 'latin1'));
  const part = body.map((bytes) => ({ headers: { 'content-type': 'x' }, body: bytes }));
  await fc.assert(
    fc.asyncProperty(
      fc.array(part, { minLength: 1, maxLength: 4 }),
      fc.integer({ min: 1, max: 40 }),
      async (parts, size) => {
        assert.deepEqual(await readAll(write('b', parts), size), parts);
      },
    ),
  );
});

test('a preamble, an epilogue, folded and odd header lines are taken', async () => {
  const text =
    'preamble\r\n--b\r\nContent-Type:text/plain;\r\n  charset=utf-8\r\nnonsense\r\nX-Y : z\r\n\r\none\r\n--b--\r\nepilogue';
  const [part, ...more] = await readAll(Buffer.from(text), 7);
  assert.equal(more.length, 0);
  assert.equal(String(part?.body), 'one');
  assert.deepEqual(part?.headers, { 'content-type': 'text/plain; charset=utf-8', 'x-y': 'z' });
});

test('a part without headers has none', async () => {
  for (const text of ['--b\r\n\r\none\r\n--b--', '--b \t\r\n\r\none\r\n--b--']) {
    assert.deepEqual(await readAll(Buffer.from(text), 3), [
      { headers: {}, body: Buffer.from('one') },
    ]);
  }
});

test('what breaks off, or never begins, is malformed, and never holds much', async () => {
  const endless = async function* (): AsyncGenerator<Buffer, void, undefined> {
    for (;;) yield Buffer.alloc(65_536, 'x');
  };
  for (const source of [
    chunksOf(Buffer.from(''), 1),
    chunksOf(Buffer.from('--b'), 1),
    chunksOf(Buffer.from('--b\r\nx: y\r\n'), 2),
    chunksOf(Buffer.from('--b\r\n\r\none'), 2),
    chunksOf(Buffer.from('no delimiter'), 5),
    endless(),
    (async function* () {
      yield Buffer.from('--b\r\n');
      yield* endless();
    })(),
  ]) {
    const reader = new MultipartReader(source, 'b');
    await assert.rejects(async () => {
      const part = await reader.next();
      for await (const chunk of part?.body ?? []) assert.ok(chunk.length > 0);
      await reader.next();
    }, MalformedMultipart);
  }
});

test('any bytes are parts or malformed', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.constantFrom('--b', '\r\n', '\n', ':', 'x', '--', '\0')),
      fc.integer({ min: 1, max: 9 }),
      async (pieces, size) => {
        await readAll(Buffer.from(pieces.join('')), size).catch((error: unknown) => {
          assert.ok(error instanceof MalformedMultipart, String(error));
        });
      },
    ),
  );
});

test('the boundary is read with and without quotes', () => {
  assert.equal(boundaryOf('multipart/mixed; boundary=abc'), 'abc');
  assert.equal(boundaryOf('Multipart/Mixed; charset=x; BOUNDARY="a b:c"'), 'a b:c');
  for (const none of [
    undefined,
    '',
    'text/plain; boundary=x',
    'multipart/mixed',
    'multipart/mixed; boundary=',
  ]) {
    assert.equal(boundaryOf(none), undefined);
  }
});
