import { ChangeKind } from '../storage/change.ts';
import { readChanges } from '../streams/cursor-store.ts';
import type { FollowedIndex } from '../streams/log-follower.ts';
import { putUserStatements, readChangedUsers } from './user-store.ts';
import type { DirectoryUser } from './user-store.ts';
import { wordsOf } from './words.ts';

const CHANGES_AT_ONCE = 500;

/** The index of words by which users are found: of their names, and of their IDs. */
export const userIndex: FollowedIndex = {
  name: 'user_directory',
  read: async (reader, above, position) => {
    const kinds = [ChangeKind.account, ChangeKind.userData, ChangeKind.membership];
    const { subjects, upTo } = await readChanges(reader, kinds, above, position, CHANGES_AT_ONCE);
    const changed = await readChangedUsers(reader, subjects);
    return { statements: changed.flatMap((user) => putUserStatements(user, wordsFor(user))), upTo };
  },
};

function wordsFor({ userId, displayName = '' }: DirectoryUser): string[] {
  const id = userId.toLowerCase();
  return [id, id.slice(1).split(':')[0] ?? '', ...wordsOf(userId), ...wordsOf(displayName)];
}
