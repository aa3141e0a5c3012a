import type { LRUCache } from 'lru-cache';

import type { Config, UrlPreviewsConfig } from '../../config/config.ts';
import type { MatrixError } from '../../errors/matrix-error.ts';
import { OutboundClient } from '../../outbound/outbound-client.ts';
import type { OutboundClientOptions } from '../../outbound/outbound-client.ts';
import { boundedCache } from '../../storage/bounded-cache.ts';
import type { Database } from '../../storage/database.ts';
import type { Logger } from '../../telemetry/logger.ts';
import { connectMsMax, failuresMax, fetchMsMax, headersMsMax, idleMsMax } from './limits.ts';
import { previewsAtOnce, previewsWaitingMax, redirectsMax } from './limits.ts';
import { oembedEndpoints } from './oembed-endpoint.ts';
import type { FindOembed } from './oembed-endpoint.ts';
import type { PreviewImages } from './preview-images.ts';
import { PreviewRemoval } from './preview-removal.ts';
import { Turns } from './turns.ts';
import { urlRules } from './url-rules.ts';
import type { IsUrlBlocked } from './url-rules.ts';

/** An address that could not be previewed, and until when it is not tried again. */
interface Failure {
  readonly error: MatrixError;
  readonly untilMs: number;
}

/** What the domain of URL previews works with; one per process, made at composition. */
export interface UrlPreviews {
  readonly database: Database;
  readonly config: UrlPreviewsConfig;
  readonly client: OutboundClient;
  /** Undefined where this server keeps no media: previews then have no picture. */
  readonly images: PreviewImages | undefined;
  readonly isUrlBlocked: IsUrlBlocked;
  readonly findOembed: FindOembed;
  /** By address: those who ask for one that is being fetched wait for it. */
  readonly underWay: Map<string, Promise<string>>;
  readonly failures: LRUCache<string, Failure>;
  readonly turns: Turns;
  readonly logger: Logger;
  /** Milliseconds since the Unix epoch. */
  now(): number;
  /** Ends the requests that are under way, and the work in the background. */
  close(): Promise<void>;
}

export interface UrlPreviewsOptions {
  readonly database: Database;
  readonly config: Pick<Config, 'urlPreviews' | 'outbound'>;
  readonly images: PreviewImages | undefined;
  readonly logger: Logger;
  readonly now: () => number;
  /** Beyond what follows from the configuration. */
  readonly client?: Partial<OutboundClientOptions>;
}

/** Many sites describe their pages only to what calls itself a bot. */
const USER_AGENT = 'Soma (bot)';

/** Undefined where the operator has not enabled them. */
export function openUrlPreviews(options: UrlPreviewsOptions): UrlPreviews | undefined {
  const { database, images, logger, now } = options;
  const config = options.config.urlPreviews;
  if (!config.enabled) return undefined;
  const client = new OutboundClient({
    addresses: { blacklist: config.ipRangeBlacklist, whitelist: config.ipRangeWhitelist },
    userAgent: USER_AGENT,
    proxy: options.config.outbound.proxy,
    limits: {
      connectMs: connectMsMax,
      headersMs: headersMsMax,
      idleMs: idleMsMax,
      totalMs: fetchMsMax,
      bodyBytesMax: config.bytesMax,
      redirectsMax,
    },
    ...options.client,
  });
  const removal = new PreviewRemoval({ database, images, logger, now });
  return {
    database,
    config,
    client,
    images,
    isUrlBlocked: urlRules(config.urlRules),
    findOembed: oembedEndpoints(config.oembed.endpoints),
    underWay: new Map(),
    failures: boundedCache(failuresMax),
    turns: new Turns(previewsAtOnce, previewsWaitingMax),
    logger,
    now,
    async close() {
      await client.close();
      await removal.close();
    },
  };
}
