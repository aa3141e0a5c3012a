import type { ServerName, UserId } from '@soma/protocol';

import type { Config } from '../config/config.ts';
import type { Database } from '../storage/database.ts';
import type { InternedNames } from '../storage/names-store.ts';
import { NidBlocks } from '../storage/nid-blocks.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { DeviceFollower } from './device-follower.ts';
import { FilterCache } from './filter-cache.ts';
import { LastSeen } from './last-seen.ts';
import { PendingRegistrations } from './pending-registrations.ts';
import { RegistrationNonces } from './registration-nonces.ts';
import { TokenCache } from './token-cache.ts';
import { UsageLimit } from './usage-limit.ts';

/** What the domain of accounts works with; one per process, made at composition. */
export interface Accounts {
  readonly database: Database;
  readonly names: InternedNames;
  readonly serverName: ServerName;
  readonly config: AccountsConfig;
  readonly tokens: TokenCache;
  readonly lastSeen: LastSeen;
  readonly usageLimit: UsageLimit;
  readonly filters: FilterCache;
  readonly nonces: RegistrationNonces;
  readonly deviceNids: NidBlocks;
  readonly tokenNids: NidBlocks;
  readonly refreshNids: NidBlocks;
  readonly pendingRegistrations: PendingRegistrations;
  /** Names for those who ask for none: the next free number. */
  readonly numericLocalparts: NidBlocks;
  readonly deviceFollower: DeviceFollower;
  /** Whether only an application service may register the name. */
  isReserved(userId: UserId): boolean;
  /** Milliseconds since the Unix epoch. */
  now(): number;
  /** Writes out what is only in memory; to be called before the database is closed. */
  close(): Promise<void>;
}

export type AccountsConfig = Pick<
  Config,
  | 'server'
  | 'registration'
  | 'passwords'
  | 'profiles'
  | 'sessions'
  | 'applicationServices'
  | 'usageLimits'
>;

export interface AccountsOptions {
  readonly database: Database;
  readonly names: InternedNames;
  readonly config: AccountsConfig & Pick<Config, 'caches'>;
  readonly logger: Logger;
  readonly now: () => number;
  readonly deviceFollower: DeviceFollower;
  readonly isReserved: (userId: UserId) => boolean;
}

const BLOCK_SIZE = 100;
const TOKENS_CACHED = 20_000;
const FILTERS_CACHED = 5_000;

export function openAccounts(options: AccountsOptions): Accounts {
  const { database, names, config, logger, now, deviceFollower, isReserved } = options;
  const cached = (count: number): number =>
    Math.max(100, Math.floor(count * config.caches.globalFactor));
  const lastSeen = new LastSeen(database, (error) =>
    logger.warn({ err: error }, 'when devices were last seen could not be written'),
  );
  return {
    database,
    names,
    serverName: config.server.serverName,
    config,
    tokens: new TokenCache(database, names, cached(TOKENS_CACHED)),
    lastSeen,
    usageLimit: new UsageLimit({
      config: config.usageLimits,
      adminContact: config.server.adminContact,
      database,
      now,
    }),
    filters: new FilterCache(cached(FILTERS_CACHED)),
    nonces: new RegistrationNonces(now),
    deviceNids: new NidBlocks(database, 'device', BLOCK_SIZE),
    tokenNids: new NidBlocks(database, 'token', BLOCK_SIZE),
    refreshNids: new NidBlocks(database, 'refresh_token', BLOCK_SIZE),
    pendingRegistrations: new PendingRegistrations(now),
    numericLocalparts: new NidBlocks(database, 'numeric_localpart', BLOCK_SIZE),
    deviceFollower,
    isReserved,
    now,
    close: () => lastSeen.close(),
  };
}
