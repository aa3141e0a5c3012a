import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import sharp from 'sharp';

import { freePort } from '../../tests/harness/free-port.ts';
import { inParallel } from '../in-parallel.ts';
import { download, upload } from '../load/transfers.ts';
import { spreadOf } from '../results.ts';
import type { Bench, Scenario } from '../scenario.ts';
import { makeUploads } from '../setup/many-uploads.ts';
import { MatrixClients } from '../setup/matrix-clients.ts';
import { registerAdmin } from '../setup/register-users.ts';
import { residentMemory } from '../targets/resident-memory.ts';
import { runServer } from '../targets/server-run.ts';
import { startSoma, type SomaUnderTest } from '../targets/start-soma.ts';
import { makeWorkFolder } from '../targets/work-folder.ts';

const pictureCount = 40;
const thumbnail = { width: 320, height: 240 };
const thumbnailWorkers = 4;
/** As many as Soma works on at a time. */
const bareWorkers = 2;
const largeChunks = Array.from({ length: 100 }, () => randomBytes(1_000_000));
const transfersAtOnce = 20;
const userCount = 10_000;
const uploadCount = 1_000_000;
const questions = 9;
const day = 86_400_000;

export const media: Scenario = {
  name: 'media',
  title: 'Media',
  about:
    `Thumbnails: ${pictureCount} JPEGs of 4000 × 3000 pixels to ${thumbnail.width} × ` +
    `${thumbnail.height}, ${thumbnailWorkers} requests at a time; bare is sharp on the same files, ` +
    `${bareWorkers} at a time, with nothing stored. Downloads: a file of 100 MB, ` +
    `${transfersAtOnce} at a time; bare is \`createReadStream\` piped into a response of node:http. ` +
    `Memory is the most that the process took above its idle state during ${transfersAtOnce} ` +
    `uploads, then downloads, of 100 MB at a time. Statistics: the median of ${questions} answers ` +
    `of \`/_synapse/admin/v1/statistics/users/media\` over ${uploadCount.toLocaleString('en')} ` +
    `uploads by ${userCount.toLocaleString('en')} users.`,
  roundsMax: 3,
  async run(bench) {
    const soma = await startSoma(bench.home, {
      options: { dynamic_thumbnails: true, max_upload_size: '200M' },
      profileFolder: bench.profileFolder,
    });
    try {
      const clients = new MatrixClients(soma.port);
      const { token } = await registerAdmin(clients);
      clients.close();
      for (let round = 0; round < bench.rounds; round += 1) {
        await measureThumbnails(bench, round, soma, token);
        await measureTransfers(bench, round, soma, token);
      }
      await measureStatistics(bench, soma, token);
    } finally {
      await soma.dispose();
    }
  },
};

async function measureThumbnails(
  bench: Bench,
  pair: number,
  { port }: SomaUnderTest,
  token: string,
): Promise<void> {
  const pictures = await makePictures();
  const ids = await inParallel(pictures, thumbnailWorkers, (picture) =>
    upload(port, token, [picture]),
  );
  const query = `width=${thumbnail.width}&height=${thumbnail.height}&method=scale`;
  const rate = async (workers: number, make: (index: number) => Promise<unknown>) => {
    const startedAt = performance.now();
    await inParallel([...ids.keys()], workers, make);
    return { thumbnailsPerSecond: (ids.length * 1000) / (performance.now() - startedAt) };
  };
  const soma = await rate(thumbnailWorkers, (index) =>
    download(port, token, `/_matrix/client/v1/media/thumbnail/soma.test/${ids[index]}?${query}`),
  );
  sharp.concurrency(1);
  sharp.cache(false);
  const bare = await rate(bareWorkers, (index) =>
    sharp(pictures[index])
      .autoOrient()
      .resize({ ...thumbnail, fit: 'inside' })
      .jpeg({ quality: 82 })
      .toBuffer(),
  );
  const measure = 'thumbnails';
  bench.record({ measure, pair, server: 'soma', figures: soma });
  bench.record({ measure, pair, server: 'bare', figures: bare });
  bench.tell(`${soma.thumbnailsPerSecond} and ${bare.thumbnailsPerSecond} thumbnails per second`);
}

/** Each another one, so that none is made before. */
async function makePictures(): Promise<Buffer[]> {
  const [width, height] = [4000, 3000];
  const noise = sharp(randomBytes(80 * 60 * 3), { raw: { width: 80, height: 60, channels: 3 } });
  const picture = await noise.resize({ width, height }).jpeg({ quality: 90 }).toBuffer();
  return Array.from({ length: pictureCount }, () => Buffer.concat([picture, randomBytes(16)]));
}

async function measureTransfers(
  bench: Bench,
  pair: number,
  soma: SomaUnderTest,
  token: string,
): Promise<void> {
  const idle = residentMemory(soma.pid()).total;
  const all = Array.from({ length: transfersAtOnce }, (_, index) => index);
  let ids: string[] = [];
  const uploadPeak = await peakDuring(soma, async () => {
    ids = await inParallel(all, transfersAtOnce, () => upload(soma.port, token, largeChunks));
  });
  const target = `/_matrix/client/v1/media/download/soma.test/${ids[0]}`;
  const rate = async (port: number) => {
    const startedAt = performance.now();
    const bytes = await inParallel(all, transfersAtOnce, () => download(port, token, target));
    const sum = bytes.reduce((total, each) => total + each, 0);
    return { megabytesPerSecond: sum / 1000 / (performance.now() - startedAt) };
  };
  let figures = { megabytesPerSecond: 0 };
  const downloadPeak = await peakDuring(soma, async () => {
    figures = await rate(soma.port);
  });
  const bare = await rateOfBare(rate);
  bench.record({ measure: 'downloads', pair, server: 'soma', figures });
  bench.record({ measure: 'downloads', pair, server: 'bare', figures: bare });
  const grown = (peak: number) => ({ megabytes: (peak - idle) / 1e6 });
  const [up, down] = [grown(uploadPeak), grown(downloadPeak)];
  bench.record({ measure: 'memory of uploads', pair, server: 'soma', figures: up });
  bench.record({ measure: 'memory of downloads', pair, server: 'soma', figures: down });
  const rates = `${figures.megabytesPerSecond} and ${bare.megabytesPerSecond} MB per second`;
  bench.tell(`${rates}, grown by ${up.megabytes} and ${down.megabytes} MB`);
}

async function rateOfBare<T>(rate: (port: number) => Promise<T>): Promise<T> {
  const work = makeWorkFolder('bare-file');
  const file = join(work.path, 'file');
  writeFileSync(file, Buffer.concat(largeChunks));
  const port = await freePort();
  const entry = fileURLToPath(new URL('../bare/bare-file-server.ts', import.meta.url));
  const server = await runServer([entry, String(port), file], port, join(work.path, 'log'));
  try {
    return await rate(port);
  } finally {
    await server.stop();
    work.remove();
  }
}

async function peakDuring(soma: SomaUnderTest, body: () => Promise<void>): Promise<number> {
  let peak = 0;
  const look = (): void => void (peak = Math.max(peak, residentMemory(soma.pid()).total));
  const timer = setInterval(look, 10);
  try {
    await body();
  } finally {
    clearInterval(timer);
  }
  return peak;
}

async function measureStatistics(bench: Bench, soma: SomaUnderTest, token: string): Promise<void> {
  await soma.stop();
  const startedAt = performance.now();
  await makeUploads(soma.folder, userCount, uploadCount);
  bench.tell(`uploads written in ${((performance.now() - startedAt) / 1000).toFixed(0)} s`);
  await soma.restart();
  const now = Date.now();
  for (const [measure, query] of [
    ['statistics, of all time', 'order_by=media_length&dir=b'],
    ['statistics, one user searched for', 'search_term=uploader5000'],
    ['statistics, of the last 30 days', `order_by=media_length&from_ts=${now - 30 * day}`],
    ['statistics, of a year by time', `order_by=media_length&dir=b&from_ts=1&until_ts=${now}`],
  ] as const) {
    const times: number[] = [];
    for (let count = 0; count < questions; count += 1) {
      const askedAt = performance.now();
      await download(soma.port, token, `/_synapse/admin/v1/statistics/users/media?${query}`);
      times.push(performance.now() - askedAt);
    }
    const timeMs = spreadOf(times)?.median ?? Number.NaN;
    bench.record({ measure, pair: 0, server: 'soma', figures: { timeMs } });
    bench.tell(`${measure}: ${timeMs.toFixed(0)} ms`);
  }
}
