import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { openAccountsUnderTest } from '../accounts/accounts-under-test.ts';
import type { AccountsUnderTest } from '../accounts/accounts-under-test.ts';
import { registerAccount } from '../accounts/register-account.ts';
import { resolveToken } from '../accounts/resolve-token.ts';
import { mediaDownloadEndpoints } from '../client-server/media-download.ts';
import { mediaUploadEndpoints } from '../client-server/media-upload.ts';
import { endpointRateLimits, openRateLimiters } from '../client-server/rate-limits.ts';
import { mount } from '../http/endpoint.ts';
import { listen } from '../http/listen.ts';
import { RateLimiter } from '../http/rate-limit.ts';
import type { FetchRemoteMedia, MediaRepository } from '../media/media.ts';
import { openMedia } from '../media/open-media.ts';
import { createLogger } from '../telemetry/logger.ts';
import { federationMediaEndpoints } from './media.ts';

/** The endpoints about media, of clients and of servers, behind a real listener. */
export interface MediaEdgeUnderTest extends AccountsUnderTest {
  readonly url: string;
  /** Of a user who has logged in. */
  readonly token: string;
  readonly media: MediaRepository;
  readonly folder: string;
}

export interface MediaEdgeOptions {
  readonly options?: Readonly<Record<string, unknown>>;
  readonly fetchRemote?: FetchRemoteMedia;
}

export async function startMediaEdge(
  databaseSection: object,
  { options = {}, fetchRemote }: MediaEdgeOptions = {},
): Promise<MediaEdgeUnderTest> {
  const folder = mkdtempSync(join(tmpdir(), 'soma-media-'));
  const section = { media_store_path: folder, ...options };
  const opened = await openAccountsUnderTest(databaseSection, section);
  const { accounts, config, database } = opened;
  const { names, now } = accounts;
  const { logger } = createLogger({ level: 'silent' });
  const media = await openMedia({ database, names, config, logger, now, fetchRemote });
  const { remoteBytesPerSecond: perSecond, remoteBurstBytes: burstCount } = config.media;
  const services = { media, remoteMediaBytes: new RateLimiter({ perSecond, burstCount }, { now }) };
  const edge = await listen(
    [{ port: 0, bindAddresses: ['127.0.0.1'], xForwarded: false, resources: ['client'] }],
    {
      endpoints: [
        ...mount([...mediaUploadEndpoints, ...mediaDownloadEndpoints], services),
        // Who the asking server is, is no question of these tests.
        ...mount(federationMediaEndpoints('none'), services),
      ],
      resolveToken: (token, use) => resolveToken(accounts, token, use),
      rateLimits: endpointRateLimits(openRateLimiters(config.ratelimiting, now)),
      logger,
    },
  );
  const session = { deviceId: undefined, deviceDisplayName: undefined };
  const made = await registerAccount(accounts, { username: 'alice', password: undefined, session });
  return {
    ...opened,
    url: `http://127.0.0.1:${edge.addresses[0]?.port ?? 0}`,
    token: made.session?.accessToken ?? '',
    media,
    folder,
    close: async () => {
      await edge.close(1_000);
      await media.close();
      await opened.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
