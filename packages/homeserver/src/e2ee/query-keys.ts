import type { JsonObject } from '@soma/protocol';

import { inTurn } from '../streams/in-turn.ts';
import type { Encryption } from './encryption.ts';
import { usersReadAtOnce } from './limits.ts';
import { deviceKeysJson, readUserKeys } from './read-user-keys.ts';
import type { KeyUser, UserKeys } from './read-user-keys.ts';
import { splitUsers } from './split-users.ts';

/** Shows the keys of users, of all devices where none are named (CS API, `POST /keys/query`). */
export async function queryKeys(
  encryption: Encryption,
  viewer: KeyUser,
  users: Readonly<Record<string, readonly string[]>>,
  timeoutMs: number,
): Promise<JsonObject> {
  const { local, remote } = splitUsers(encryption, users);
  const [ours, theirs] = await Promise.all([
    inTurn(local.keys(), usersReadAtOnce, (userId) => localKeys(encryption, viewer, userId)),
    encryption.remote.queryKeys(viewer, remote, timeoutMs),
  ]);
  const devices = ours.map(
    ({ userId, keys }) => [userId, deviceKeysJson(keys.devices, local.get(userId) ?? [])] as const,
  );
  const pick = (of: 'master' | 'selfSigning' | 'userSigning'): JsonObject =>
    Object.fromEntries(
      ours.flatMap(({ userId, keys }) => (keys[of] === undefined ? [] : [[userId, keys[of]]])),
    );
  return {
    device_keys: { ...Object.fromEntries(devices), ...theirs.users },
    failures: { ...theirs.failures },
    master_keys: { ...pick('master'), ...theirs.masterKeys },
    self_signing_keys: { ...pick('selfSigning'), ...theirs.selfSigningKeys },
    user_signing_keys: pick('userSigning'),
  };
}

const NO_KEYS: UserKeys = {
  devices: [],
  master: undefined,
  selfSigning: undefined,
  userSigning: undefined,
};

async function localKeys(
  { accounts: { database, names } }: Encryption,
  viewer: KeyUser,
  userId: string,
): Promise<{ readonly userId: string; readonly keys: UserKeys }> {
  const userNid = await names.users.find(userId);
  if (userNid === undefined) return { userId, keys: NO_KEYS };
  const user = { userId, userNid };
  return { userId, keys: await database.read((reader) => readUserKeys(reader, user, viewer)) };
}
