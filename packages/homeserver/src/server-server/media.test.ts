import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { get } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';

import { api } from '../../../../tests/harness/api.ts';
import type { Response } from '../../../../tests/harness/api.ts';
import { testEngines } from '../../../../tests/harness/engines.ts';
import type { TestDatabase } from '../../../../tests/harness/engines.ts';
import { textAt, valueAt } from '../../../../tests/harness/json-path.ts';
import { picture } from '../../../../tests/harness/pictures.ts';
import { MatrixError, notFound } from '../errors/matrix-error.ts';
import type { RemoteMedia } from '../media/media.ts';
import { quarantineMedia, unquarantineMedia } from '../media/quarantine.ts';
import { startMediaEdge } from './media-edge-under-test.ts';
import type { MediaEdgeUnderTest } from './media-edge-under-test.ts';

const clientMedia = '/_matrix/client/v1/media';
const federationMedia = '/_matrix/federation/v1/media';

async function* chunksOf(...parts: Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* parts;
}

function remote(bytes: Uint8Array, type = 'image/png'): RemoteMedia {
  return {
    contentType: type,
    contentDisposition: "inline; filename*=utf-8''k%C5%AF%C5%88.png",
    bytes: bytes.length,
    chunks: chunksOf(bytes),
  };
}

for (const engine of testEngines()) {
  describe(`media between servers (${engine.name})`, () => {
    let database: TestDatabase;
    let edge: MediaEdgeUnderTest;
    const asked: string[] = [];
    const answers = new Map<string, () => Promise<RemoteMedia>>();

    before(async () => {
      database = await engine.createDatabase();
      edge = await startMediaEdge(database.config, {
        options: {
          max_upload_size: '1M',
          prevent_media_downloads_from: ['evil.example'],
          remote_media_download_burst_count: '3M',
          remote_media_download_per_second: 1,
        },
        fetchRemote: (serverName, mediaId) => {
          asked.push(`${serverName}/${mediaId}`);
          const answer = answers.get(mediaId);
          if (answer === undefined) return Promise.reject(notFound('The other server has none'));
          return answer();
        },
      });
    });
    after(async () => {
      await edge.close();
      await database.drop();
    });

    const ask = (path: string): Promise<Response> =>
      api(edge.url).request('GET', path, { token: edge.token });
    const download = (name: string, query = ''): Promise<Response> =>
      ask(`${clientMedia}/download/${name}${query}`);
    const refused = ({ status, body }: Response): unknown => [status, valueAt(body, 'errcode')];
    const upload = async (body: Buffer, type: string): Promise<string> => {
      const path = '/_matrix/media/v3/upload?filename=cat.png';
      const headers = { 'content-type': type };
      const options = { token: edge.token, body, headers };
      const answer = await api(edge.url).request('POST', path, options);
      return textAt(answer.body, 'content_uri').slice('mxc://example.org/'.length);
    };

    it('serves its own in two parts, as long as it is not quarantined', async () => {
      const bytes = await picture(100, 80, 'png');
      const mediaId = await upload(bytes, 'image/png');
      const { status, headers, bytes: body } = await ask(`${federationMedia}/download/${mediaId}`);
      assert.equal(status, 200);
      const boundary = /^multipart\/mixed; boundary=(\w+)$/.exec(String(headers['content-type']));
      const [start, json, file, end] = body.toString('latin1').split(`--${boundary?.[1]}`);
      assert.deepEqual([start, end], ['', '--\r\n']);
      assert.equal(json, '\r\nContent-Type: application/json\r\n\r\n{}\r\n');
      const head =
        '\r\nContent-Type: image/png\r\nContent-Disposition: inline; filename="cat.png"\r\n\r\n';
      assert.equal(file, `${head}${bytes.toString('latin1')}\r\n`);
      assert.equal(Number(headers['content-length']), body.length);

      const path = `${federationMedia}/thumbnail/${mediaId}?width=32&height=32&method=crop`;
      assert.match((await ask(path)).bytes.toString('latin1'), /Content-Type: image\/jpeg\r\n/);
      const name = { serverName: 'example.org', mediaId };
      assert.equal(await quarantineMedia(edge.media, [name], 'admin'), 1);
      assert.deepEqual(refused(await ask(path)), [404, 'M_NOT_FOUND']);
      const whole = `${federationMedia}/download/${mediaId}`;
      assert.deepEqual(refused(await ask(whole)), [404, 'M_NOT_FOUND']);
      await unquarantineMedia(edge.media, name);
      assert.equal((await ask(whole)).status, 200);
      const unknown = `${federationMedia}/download/unknown`;
      assert.deepEqual(refused(await ask(unknown)), [404, 'M_NOT_FOUND']);
    });

    it('fetches another server’s once, and serves it with its name', async () => {
      const bytes = await picture(100, 80, 'png');
      answers.set('once', () => Promise.resolve(remote(bytes)));
      const name = 'far.example/once';
      const found = await Promise.all([download(name), download(name), download(name)]);
      for (const each of found) {
        assert.equal(each.status, 200);
        assert.ok(each.bytes.equals(bytes));
        const disposition = "inline; filename*=utf-8''k%C5%AF%C5%88.png";
        assert.equal(each.headers['content-disposition'], disposition);
      }
      const again = await download(name);
      assert.equal(again.headers['content-length'], String(bytes.length));
      assert.deepEqual(
        asked.filter((each) => each === name),
        [name],
      );
      const thumbnail = await ask(`${clientMedia}/thumbnail/${name}?width=32&height=32`);
      assert.equal(thumbnail.status, 200);
      const frozen = `/_matrix/media/v3/download/${name}`;
      assert.deepEqual(refused(await ask(frozen)), [404, 'M_NOT_FOUND']);
    });

    it('begins to serve before the other server has ended', async () => {
      const { promise: isTold, resolve: tell } = Promise.withResolvers<void>();
      const rest = randomBytes(100_000);
      async function* slowly(): AsyncGenerator<Uint8Array> {
        yield Buffer.from('first');
        await isTold;
        yield rest;
      }
      const type = 'application/octet-stream';
      answers.set('slow', () =>
        Promise.resolve({
          contentType: type,
          contentDisposition: undefined,
          bytes: undefined,
          chunks: slowly(),
        }),
      );
      const headers = { authorization: `Bearer ${edge.token}` };
      const url = `${edge.url}${clientMedia}/download/far.example/slow`;
      const incoming = await new Promise<IncomingMessage>((resolve, reject) => {
        get(url, { headers, agent: false }, resolve).once('error', reject);
      });
      const parts: Buffer[] = [];
      for await (const part of incoming) {
        if (parts.length === 0) assert.equal(String(part), 'first');
        parts.push(part);
        tell();
      }
      assert.ok(Buffer.concat(parts).equals(Buffer.concat([Buffer.from('first'), rest])));
    });

    it('asks no server that is blocked, and none when the client does not want it', async () => {
      for (const [name, query] of [
        ['evil.example/abc', ''],
        ['far.example/unwanted', '?allow_remote=false'],
      ] as const) {
        assert.deepEqual(refused(await download(name, query)), [404, 'M_NOT_FOUND']);
        assert.ok(!asked.includes(name));
      }
      assert.deepEqual(refused(await download('far.example/none')), [404, 'M_NOT_FOUND']);
    });

    it('passes on no file that is too large or broken off, and keeps none', async () => {
      const files = (): number =>
        readdirSync(join(edge.folder, 'content'), { recursive: true }).length;
      const count = files();
      answers.set('declared', () => Promise.resolve(remote(Buffer.alloc(1_048_577))));
      answers.set('half', () => Promise.resolve({ ...remote(Buffer.alloc(10)), bytes: 20 }));
      assert.deepEqual(refused(await download('far.example/declared')), [502, 'M_TOO_LARGE']);
      await assert.rejects(download('far.example/half'), 'the connection breaks');
      answers.set('unreachable', () =>
        Promise.reject(new MatrixError(502, 'M_UNKNOWN', 'The other server does not answer')),
      );
      assert.deepEqual(refused(await download('far.example/unreachable')), [502, 'M_UNKNOWN']);
      assert.equal(files(), count);
    });

    it('lets one address fetch only so much', async () => {
      const large = (): Promise<RemoteMedia> =>
        Promise.resolve(remote(Buffer.alloc(1_048_576), 'text/plain'));
      const statuses: number[] = [];
      for (let count = 0; count < 4; count += 1) {
        answers.set(`large${count}`, large);
        statuses.push((await download(`far.example/large${count}`)).status);
      }
      assert.deepEqual(statuses, [200, 200, 429, 429]);
    });
  });
}
