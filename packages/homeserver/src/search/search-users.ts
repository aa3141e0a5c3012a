import type { JsonObject } from '@soma/protocol';

import type { SearchConfig } from '../config/config.ts';
import { readAt } from '../storage/database.ts';
import type { Database } from '../storage/database.ts';
import type { LogFollower } from '../streams/log-follower.ts';
import { readUsersByPrefix, readVisibleUsers, readWordsOfUsers } from './user-store.ts';
import type { DirectoryUser } from './user-store.ts';
import { wordsOf } from './words.ts';

/** What users are found with. */
export interface UserDirectory {
  readonly database: Database;
  readonly index: LogFollower;
  readonly config: SearchConfig['userDirectory'];
  /** Who is found by nobody, as nobody writes to such users of themselves: those of application services. */
  isHidden(userId: string): boolean;
}

/** Of a word with which more begin, the first are looked at, in the order of the words. */
const CANDIDATES_MAX = 2_000;
const LIMIT_MAX = 50;

/**
 * Users whose name or ID has words that begin like those of the term, as far as the searcher may find them (CS API,
 * `POST /user_directory/search`).
 */
export async function searchUsers(
  { database, index, config, isHidden }: UserDirectory,
  searcherNid: number,
  term: string,
  wantedLimit: number,
): Promise<JsonObject> {
  // A whole ID is a word of the index.
  const asked = term.trim().toLowerCase();
  const words = asked.startsWith('@') ? [asked] : wordsOf(asked);
  const [rarest] = words.toSorted((one, other) => other.length - one.length);
  if (!config.enabled || rarest === undefined) return { results: [], limited: false };
  await index.catchUp();
  const limit = Math.min(wantedLimit, LIMIT_MAX);
  return readAt(database, async (reader) => {
    const candidates = await readUsersByPrefix(reader, rarest, CANDIDATES_MAX);
    const known = words.length > 1 ? await readWordsOfUsers(reader, candidates) : undefined;
    const matching = candidates.filter((userNid) => {
      const own = known?.get(userNid) ?? [];
      return known === undefined || words.every((word) => own.some((one) => one.startsWith(word)));
    });
    const options = { all: config.searchAllUsers, locked: config.showLockedUsers };
    const visible = await readVisibleUsers(reader, matching, searcherNid, options);
    const found = matching
      .flatMap((userNid) => visible.get(userNid) ?? [])
      .filter(
        ({ userNid, userId, isLocal }) =>
          userNid !== searcherNid && (isLocal || !config.excludeRemoteUsers) && !isHidden(userId),
      );
    if (config.preferLocalUsers) found.sort((one, other) => +other.isLocal - +one.isLocal);
    return { results: found.slice(0, limit).map(userJson), limited: found.length > limit };
  });
}

function userJson({ userId, displayName, avatarUrl }: DirectoryUser): JsonObject {
  return {
    user_id: userId,
    ...(displayName === undefined ? {} : { display_name: displayName }),
    ...(avatarUrl === undefined ? {} : { avatar_url: avatarUrl }),
  };
}
