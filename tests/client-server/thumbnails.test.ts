import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { rmSync } from 'node:fs';
import { join } from 'node:path';

import sharp from 'sharp';

import type { Response } from '../harness/api.ts';
import { assertRefused, download, thumbnail, upload } from '../harness/media-requests.ts';
import { animation, gifOf, picture, pngBomb, pngOf } from '../harness/pictures.ts';
import { serverTests } from './server-test.ts';

const test = serverTests();
const dynamic = serverTests({ dynamic_thumbnails: true, max_image_pixels: '1M' });

async function sizeOf({ bytes }: Response): Promise<[string, number, number, number]> {
  const { format, width, height, pages, pageHeight } = await sharp(bytes, {
    animated: true,
  }).metadata();
  return [format, width, pageHeight ?? height, pages ?? 1];
}

for (const format of ['jpeg', 'png', 'webp', 'avif', 'gif'] as const) {
  dynamic(`a picture as ${format} is cut, and made to fit`, async ({ user }) => {
    const alice = await user('alice');
    const bytes = await picture(400, 200, format);
    const mediaId = await upload(alice, bytes, { type: 'application/whatever' });
    const crop = await thumbnail(alice, mediaId, { width: 60, height: 60, method: 'crop' });
    assert.equal(crop.status, 200, crop.bytes.toString());
    assert.deepEqual((await sizeOf(crop)).slice(1), [60, 60, 1]);
    const scale = await thumbnail(alice, mediaId, { width: 100, height: 100 });
    assert.deepEqual((await sizeOf(scale)).slice(1), [100, 50, 1]);
    assert.match(String(scale.headers['content-type']), /^image\/(?:png|jpeg)$/);
    assert.match(String(scale.headers['content-disposition']), /^inline; filename="thumbnail\./);
    assert.match(String(scale.headers['content-security-policy']), /^sandbox;/);
  });
}

dynamic('nothing is enlarged', async ({ user }) => {
  const alice = await user('alice');
  const bytes = await picture(50, 40, 'png');
  const mediaId = await upload(alice, bytes);
  const whole = await thumbnail(alice, mediaId, { width: 500, height: 400 });
  assert.ok(whole.bytes.equals(bytes), 'a picture that is small enough is served as it is');
  assert.equal(whole.headers['content-type'], 'image/png');
  const crop = await thumbnail(alice, mediaId, { width: 80, height: 20, method: 'crop' });
  assert.deepEqual((await sizeOf(crop)).slice(1, 3), [50, 13]);
});

dynamic('a picture is turned as its camera says', async ({ user }) => {
  const alice = await user('alice');
  const turned = await sharp(await picture(400, 200, 'jpeg'))
    .withMetadata({ orientation: 6 })
    .toBuffer();
  const mediaId = await upload(alice, turned);
  const answer = await thumbnail(alice, mediaId, { width: 100, height: 100 });
  assert.deepEqual(await sizeOf(answer), ['jpeg', 50, 100, 1]);
});

dynamic('an animation moves only for those who ask for it', async ({ user }) => {
  const alice = await user('alice');
  const mediaId = await upload(alice, await animation(80, 60, 5));
  const size = { width: 40, height: 30 };
  const moving = await thumbnail(alice, mediaId, { ...size, animated: true });
  assert.deepEqual(await sizeOf(moving), ['webp', 40, 30, 5]);
  const still = await thumbnail(alice, mediaId, { ...size, animated: false });
  assert.equal((await sizeOf(still))[3], 1);
  const large = { width: 500, height: 500 };
  assert.equal((await sizeOf(await thumbnail(alice, mediaId, large)))[3], 1);
  const whole = await thumbnail(alice, mediaId, { ...large, animated: true });
  assert.equal(whole.headers['content-type'], 'image/gif');
});

test('of the configured sizes the one that is large enough', async ({ user }) => {
  const alice = await user('alice');
  const bytes = await picture(1000, 1000, 'jpeg');
  const mediaId = await upload(alice, bytes, { type: 'image/jpeg' });
  const sizeFor = async (width: number, height: number, method: string) =>
    (await sizeOf(await thumbnail(alice, mediaId, { width, height, method }))).slice(1, 3);
  assert.deepEqual(await sizeFor(20, 20, 'crop'), [32, 32]);
  assert.deepEqual(await sizeFor(33, 20, 'crop'), [96, 96]);
  assert.deepEqual(await sizeFor(300, 200, 'scale'), [240, 240]);
  assert.deepEqual(await sizeFor(700, 500, 'scale'), [600, 600]);
  assert.deepEqual(await sizeFor(900, 900, 'scale'), [1000, 1000]);
});

test('a thumbnail whose file was lost is made again', async ({ server, user }) => {
  const alice = await user('alice');
  const mediaId = await upload(alice, await picture(500, 500, 'jpeg'));
  const { bytes } = await thumbnail(alice, mediaId);
  rmSync(join(server.folder, 'media_store', 'thumbnails'), { recursive: true });
  assert.ok((await thumbnail(alice, mediaId)).bytes.equals(bytes));
});

test('a size must be given, and sound', async ({ user }) => {
  const alice = await user('alice');
  const mediaId = await upload(alice, await picture(100, 100, 'png'));
  assertRefused(await thumbnail(alice, mediaId, { width: 5 }), 400, 'M_MISSING_PARAM');
  for (const wrong of [{ width: 0 }, { height: -1 }, { width: 'x' }, { method: 'stretch' }]) {
    const answer = await thumbnail(alice, mediaId, { width: 5, height: 5, ...wrong });
    assertRefused(answer, 400, 'M_INVALID_PARAM');
  }
  assertRefused(await thumbnail(alice, 'unknown'), 404, 'M_NOT_FOUND');
});

const script = '<script>alert(1)</script>';
const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="99" height="99">${script}</svg>`;

const hostile: readonly [string, () => Buffer | Promise<Buffer>, number, string][] = [
  ['no picture', () => randomBytes(5000), 400, 'M_UNKNOWN'],
  ['an empty file', () => Buffer.alloc(0), 400, 'M_UNKNOWN'],
  ['an SVG with a script', () => Buffer.from(svg), 400, 'M_UNKNOWN'],
  [
    'an SVG behind an XML header',
    () => Buffer.from(`<?xml version="1.0"?>${svg}`),
    400,
    'M_UNKNOWN',
  ],
  ['a PDF', () => Buffer.from('%PDF-1.7\n1 0 obj\n'), 400, 'M_UNKNOWN'],
  ['a decompression bomb', () => pngBomb(6000), 413, 'M_TOO_LARGE'],
  [
    'a header of 100,000 × 100,000 pixels',
    () => pngOf(100_000, 100_000, Buffer.alloc(9)),
    413,
    'M_TOO_LARGE',
  ],
  ['a GIF as large as can be', () => gifOf(65_535, 65_535, 1), 413, 'M_TOO_LARGE'],
  ['a GIF of 50,000 frames', () => gifOf(40, 40, 50_000), 413, 'M_TOO_LARGE'],
  ['half a JPEG', async () => (await noise('jpeg')).subarray(0, 20_000), 400, 'M_UNKNOWN'],
  ['half a PNG', async () => (await noise('png')).subarray(0, 20_000), 400, 'M_UNKNOWN'],
  [
    'a PNG header and a page',
    () => Buffer.from(`\u0089PNG\r\n\u001a\n${svg}`, 'latin1'),
    400,
    'M_UNKNOWN',
  ],
  [
    'a JPEG header and a page',
    () => Buffer.from(`\u00ff\u00d8\u00ff\u00e0${svg}`, 'latin1'),
    400,
    'M_UNKNOWN',
  ],
];

function noise(format: 'jpeg' | 'png'): Promise<Buffer> {
  const raw = { width: 300, height: 300, channels: 3 } as const;
  return sharp(randomBytes(300 * 300 * 3), { raw })
    .toFormat(format)
    .toBuffer();
}

for (const [what, make, status, errcode] of hostile) {
  dynamic(`no thumbnail of ${what}`, async ({ user }) => {
    const alice = await user('alice');
    const mediaId = await upload(alice, await make(), { type: 'image/png' });
    for (const animated of [false, true]) {
      const answer = await thumbnail(alice, mediaId, { width: 30, height: 30, animated });
      assertRefused(answer, status, errcode);
      // Small enough to be served as it is, if it were a picture.
      const large = await thumbnail(alice, mediaId, { width: 50_000, height: 50_000, animated });
      assertRefused(large, status, errcode);
    }
  });
}

dynamic('a picture that is a page as well is served as a picture', async ({ user }) => {
  const alice = await user('alice');
  const bytes = Buffer.concat([await picture(10, 10, 'gif'), Buffer.from(`<html>${script}`)]);
  const mediaId = await upload(alice, bytes, { type: 'text/html' });
  const small = await thumbnail(alice, mediaId, { width: 30, height: 30 });
  assert.equal(small.headers['content-type'], 'image/gif');
  const { headers } = await download(alice, mediaId);
  assert.match(String(headers['content-disposition']), /^attachment/);
  assert.equal(headers['x-content-type-options'], 'nosniff');
});
