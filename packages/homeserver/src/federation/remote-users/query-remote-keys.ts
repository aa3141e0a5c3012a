import type { JsonObject } from '@soma/protocol';

import { readCrossSigningKeys, readKeySignatures } from '../../e2ee/cross-signing-store.ts';
import type { AskedOfUsers, RemoteKeys } from '../../e2ee/encryption.ts';
import { deviceKeysJson, withSignatures } from '../../e2ee/read-user-keys.ts';
import type { KeyUser } from '../../e2ee/read-user-keys.ts';
import { publicKeyOf } from '../../e2ee/signed-key.ts';
import type { Reader } from '../../storage/sql.ts';
import { askServers } from './ask-servers.ts';
import { keysAnswerBytesMax } from './limits.ts';
import { parseQueriedKeys } from './parse-remote-keys.ts';
import type { RemoteUserKeys } from './parse-remote-keys.ts';
import {
  hasNoList,
  readCurrentLists,
  readRemoteDevices,
  readSharedUsers,
  userIsShared,
} from './remote-device-store.ts';
import type { RemoteUserLists } from './remote-user-lists.ts';
import { storeListStatements } from './store-list.ts';

/**
 * The keys of users of other servers: from memory of their device lists where those are followed, else from their
 * servers. What a server says of a user who shares a room with ours is kept from then on (SS API, "Device Management").
 */
export async function queryRemoteKeys(
  lists: RemoteUserLists,
  viewer: KeyUser,
  asked: AskedOfUsers<readonly string[]>,
  timeoutMs: number,
): Promise<RemoteKeys> {
  const { database } = lists;
  const nids = await findUsers(lists, asked.keys());
  const { keys, isShared } = await database.read(async (reader) => {
    const known = await readCurrentLists(reader, [...nids.values()]);
    return {
      keys: await readKnown(reader, nids, known),
      isShared: await readSharedUsers(reader, [...nids.values()]),
    };
  });
  const rest = new Map<string, readonly string[]>();
  for (const [userId, deviceIds] of asked) {
    const isKept = isShared.has(nids.get(userId) ?? 0);
    // A list that is kept must be whole.
    if (!keys.has(userId)) rest.set(userId, isKept ? [] : deviceIds);
  }
  const { answers, failures } = await askServers(rest, timeoutMs, (...question) =>
    ask(lists, ...question),
  );
  const found = answers.flatMap((answer) => [...answer]);
  const kept = found.flatMap(([userId, userKeys]) => {
    const userNid = nids.get(userId) ?? 0;
    return isShared.has(userNid) ? [keep(lists, userNid, userKeys)] : [];
  });
  await Promise.all(kept);
  for (const [userId, userKeys] of found) keys.set(userId, userKeys);
  return { ...(await show(lists, viewer, asked, nids, keys)), failures };
}

async function findUsers(
  { names }: RemoteUserLists,
  userIds: Iterable<string>,
): Promise<Map<string, number>> {
  const nids = new Map<string, number>();
  for (const userId of userIds) {
    const nid = await names.users.find(userId);
    if (nid !== undefined) nids.set(userId, nid);
  }
  return nids;
}

async function readKnown(
  reader: Reader,
  nids: ReadonlyMap<string, number>,
  known: ReadonlySet<number>,
): Promise<Map<string, RemoteUserKeys>> {
  const keys = new Map<string, RemoteUserKeys>();
  const devices = await readRemoteDevices(reader, [...known]);
  for (const [userId, userNid] of nids) {
    if (!known.has(userNid)) continue;
    const crossSigning = await readCrossSigningKeys(reader, userNid);
    keys.set(userId, {
      devices: devices.get(userNid) ?? [],
      master: parsed(crossSigning.get('master')),
      selfSigning: parsed(crossSigning.get('self_signing')),
    });
  }
  return keys;
}

async function ask(
  { client }: RemoteUserLists,
  destination: string,
  users: ReadonlyMap<string, readonly string[]>,
  signal: AbortSignal,
): Promise<Map<string, RemoteUserKeys>> {
  const answer = await client.requestJson({
    destination,
    method: 'POST',
    path: '/_matrix/federation/v1/user/keys/query',
    body: {
      device_keys: Object.fromEntries([...users].map(([id, devices]) => [id, [...devices]])),
    },
    bodyBytesMax: keysAnswerBytesMax,
    retries: 'none',
    signal,
  });
  const found = new Map<string, RemoteUserKeys>();
  for (const userId of users.keys()) {
    const keys = parseQueriedKeys(answer, userId);
    if (keys !== undefined) found.set(userId, keys);
  }
  return found;
}

/** An answer that crossed with news of a change is not kept: the guard sees the mark, or the newer list. */
async function keep(
  { database }: RemoteUserLists,
  userNid: number,
  keys: RemoteUserKeys,
): Promise<void> {
  await database.submit({
    statements: storeListStatements(userNid, null, keys),
    guards: [userIsShared(userNid), hasNoList(userNid)],
    positions: 0,
  }).done;
}

/** With the signatures that the viewer has made on others' keys. */
async function show(
  { database }: RemoteUserLists,
  viewer: KeyUser,
  asked: AskedOfUsers<readonly string[]>,
  nids: ReadonlyMap<string, number>,
  found: ReadonlyMap<string, RemoteUserKeys>,
): Promise<Omit<RemoteKeys, 'failures'>> {
  const users = new Map<string, JsonObject>();
  const masterKeys = new Map<string, JsonObject>();
  const selfSigningKeys = new Map<string, JsonObject>();
  for (const [userId, { devices, master, selfSigning }] of found) {
    const shown = devices.map(({ json, ...device }) => {
      const keys: JsonObject = JSON.parse(json);
      return { ...device, keys };
    });
    users.set(userId, deviceKeysJson(shown, asked.get(userId) ?? []));
    if (selfSigning !== undefined) selfSigningKeys.set(userId, selfSigning);
    if (master === undefined) continue;
    const user = { userId, userNid: nids.get(userId) ?? 0 };
    const signatures = await readKeySignatures(database.reader, user.userNid, viewer.userNid);
    const signed = withSignatures(master, publicKeyOf(master), user, viewer, signatures);
    masterKeys.set(userId, signed);
  }
  return {
    users: Object.fromEntries(users),
    masterKeys: Object.fromEntries(masterKeys),
    selfSigningKeys: Object.fromEntries(selfSigningKeys),
  };
}

function parsed(json: string | undefined): JsonObject | undefined {
  if (json === undefined) return undefined;
  const key: JsonObject = JSON.parse(json);
  return key;
}
