import type { PushConfig } from '../../config/push.ts';
import type { Mailer } from '../../mail/mailer.ts';
import { ChangeKind } from '../../storage/change.ts';
import type { Database } from '../../storage/database.ts';
import { NidBlocks } from '../../storage/nid-blocks.ts';
import type { PushRules } from '../push-rules.ts';
import { readPusherOwners } from './pusher-store.ts';

/** What the domain of pushers works with; one per process, made at composition. */
export interface Pushers {
  readonly pushRules: PushRules;
  readonly database: Database;
  readonly config: PushConfig;
  readonly pusherNids: NidBlocks;
  /**
   * Nids of those who have pushers, as far as it matters: who has none any more may stay. A server without pushers
   * then passes over its log unread.
   */
  readonly owners: ReadonlySet<number>;
  /** Whom a mail address belongs to, among the users of this server. */
  ownerOfAddress(address: string): Promise<number | undefined>;
  /** Undefined where nothing is told by mail. */
  readonly mailer: Mailer | undefined;
  /** Where links in mails lead, with a slash at its end. */
  readonly baseUrl: string;
  now(): number;
}

const BLOCK_SIZE = 100;

export type PushersOptions = Pick<
  Pushers,
  'pushRules' | 'config' | 'ownerOfAddress' | 'mailer' | 'baseUrl' | 'now'
>;

export async function openPushers(options: PushersOptions): Promise<Pushers> {
  const { database } = options.pushRules.rooms;
  const owners = new Set<number>();
  // Followed before it is read, so that none is missed.
  database.onCommit((committed) => {
    for (const { change } of committed) {
      for (const { kind, subject } of change.touches ?? []) {
        if (kind === ChangeKind.pusher) owners.add(subject);
      }
    }
  });
  for (const userNid of await readPusherOwners(database.reader)) owners.add(userNid);
  return {
    ...options,
    database,
    pusherNids: new NidBlocks(database, 'pusher', BLOCK_SIZE),
    owners,
  };
}
