import { Type } from 'typebox';
import type { Static } from 'typebox';

import type { JsonObject, ServerName } from '@soma/protocol';

import { deviceListChangedStatement } from '../../e2ee/device-list-store.ts';
import { ChangeKind } from '../../storage/change.ts';
import type { Statement } from '../../storage/sql.ts';
import { devicesPerUserMax } from '../remote-users/limits.ts';
import { markChanged } from '../remote-users/mark-changed.ts';
import { parseDevice } from '../remote-users/parse-remote-keys.ts';
import {
  countRemoteDevices,
  listIsAt,
  putListStatement,
  putRemoteDeviceStatement,
  readSharedUsers,
  readStreamId,
  removeRemoteDeviceStatement,
} from '../remote-users/remote-device-store.ts';
import { isMarkedForResync } from '../remote-users/resync-store.ts';
import { eduType, userOf } from './edu-type.ts';
import type { EduServices } from './edu-type.ts';

const Update = Type.Object({
  user_id: Type.String(),
  device_id: Type.String(),
  stream_id: Type.Integer(),
  prev_id: Type.Optional(Type.Union([Type.Array(Type.Integer()), Type.Null()])),
  device_display_name: Type.Optional(Type.Union([Type.String(), Type.Null()])),
  deleted: Type.Optional(Type.Union([Type.Boolean(), Type.Null()])),
  keys: Type.Optional(Type.Unsafe<JsonObject>(Type.Object({}))),
});
type Update = Static<typeof Update>;

/** SS API, "Device Management". What does not follow what is known makes the whole list be fetched. */
export const deviceListUpdateEdu = eduType({
  name: 'm.device_list_update',
  isDurable: true,
  schema: Update,
  async receive(origin, contents, services) {
    const byUser = Map.groupBy(contents, ({ user_id: userId }) => userId);
    await Promise.all(
      [...byUser].map(([userId, updates]) => receiveOfUser(services, origin, userId, updates)),
    );
  },
});

async function receiveOfUser(
  services: EduServices,
  origin: ServerName,
  text: string,
  updates: readonly Update[],
): Promise<void> {
  const { database, names } = services.lists;
  const userId = userOf(origin, text);
  const userNid = userId === undefined ? undefined : await names.users.find(userId);
  if (userNid === undefined || !(await readSharedUsers(database.reader, [userNid])).has(userNid)) {
    return;
  }
  for (const update of updates) {
    if (await follows(services, userNid, update)) continue;
    // What comes after in the same transaction is in the list that is fetched.
    await markChanged(services.lists, userNid, origin);
    services.resyncSoon(origin);
    return;
  }
}

/** Applies an update to the list that it follows, or that has it already; false where there is no such list. */
async function follows(
  { lists: { database } }: EduServices,
  userNid: number,
  update: Update,
): Promise<boolean> {
  const { stream_id: streamId, prev_id: previous } = update;
  const known = await database.read(async (reader) => ({
    streamId: await readStreamId(reader, userNid),
    isMarked: await isMarkedForResync(reader, userNid),
    devices: await countRemoteDevices(reader, userNid),
  }));
  const at = known.streamId;
  if (at === undefined || at === null || known.isMarked) return false;
  if (streamId === at) return true;
  // A number that is lower than what is known comes from a server that was set back.
  const isNext = streamId > at && (previous ?? []).length > 0;
  if (!isNext || (previous ?? []).some((each) => each > at)) return false;
  const change = deviceStatement(userNid, update);
  if (change === undefined || known.devices >= devicesPerUserMax) return false;
  const { outcome } = await database.submit({
    statements: [change, putListStatement(userNid, streamId), deviceListChangedStatement(userNid)],
    guards: [listIsAt(userNid, at)],
    positions: 1,
    touches: [{ kind: ChangeKind.deviceList, subject: userNid }],
  }).done;
  return outcome === 'applied';
}

/** Undefined where the keys are not those of the device. */
function deviceStatement(userNid: number, update: Update): Statement | undefined {
  const { user_id: userId, device_id: deviceId, keys, device_display_name: name } = update;
  // A device without keys is none that others encrypt for.
  if (update.deleted === true || keys === undefined) {
    return removeRemoteDeviceStatement(userNid, deviceId);
  }
  const device = parseDevice(userId, deviceId, keys, name ?? undefined);
  return device === undefined ? undefined : putRemoteDeviceStatement(userNid, device);
}
