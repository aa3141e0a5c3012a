import type { JsonObject } from '@soma/protocol';

import { MatrixError, invalidParam, missingParam } from '../../errors/matrix-error.ts';
import { ChangeKind } from '../../storage/change.ts';
import { write } from '../../storage/database.ts';
import { appIdLengthMax, descriptionLengthMax, pushersMax, pushkeyBytesMax } from './limits.ts';
import {
  deletePusherStatements,
  deletePushersOfOthersStatements,
  putPusherStatement,
  readPushersOfUser,
} from './pusher-store.ts';
import type { PusherDescription, PusherKind } from './pusher-store.ts';
import type { Pushers } from './pushers.ts';

/** CS API, `POST /pushers/set`. */
export interface WantedPusher {
  readonly kind: string;
  readonly appId: string;
  readonly pushkey: string;
  readonly description: PusherDescription;
  readonly isEnabled: boolean;
  /** Whether others may have a pusher of this app and key too. */
  readonly appends: boolean;
}

export interface PusherOwner {
  readonly userNid: number;
  readonly deviceNid: number | undefined;
}

const GATEWAY_PATH = '/_matrix/push/v1/notify';

/** Makes or changes a pusher. Throws `400 M_INVALID_PARAM`, `M_MISSING_PARAM`, `M_THREEPID_NOT_FOUND`. */
export async function setPusher(
  pushers: Pushers,
  { userNid, deviceNid }: PusherOwner,
  wanted: WantedPusher,
): Promise<void> {
  const { appId, pushkey, description, isEnabled } = wanted;
  const kind = await checkedKind(pushers, userNid, wanted);
  checkLimits(wanted);
  const known = await readPushersOfUser(pushers.database.reader, userNid);
  const isNew = !known.some((one) => one.appId === appId && one.pushkey === pushkey);
  if (isNew && known.length >= pushersMax) throw invalidParam('That are too many pushers');
  const pushkeyTs = pushers.now();
  const pusherNid = await pushers.pusherNids.next();
  await write(pushers.database, {
    statements: [
      ...(wanted.appends ? [] : deletePushersOfOthersStatements(userNid, appId, pushkey)),
      putPusherStatement(pusherNid, {
        userNid,
        deviceNid,
        kind,
        appId,
        pushkey,
        description,
        isEnabled,
        pushkeyTs,
      }),
    ],
    positions: 1,
    touches: [{ kind: ChangeKind.pusher, subject: userNid }],
  });
}

/** Deletes a pusher of the user, if there is one. */
export async function deletePusher(
  pushers: Pushers,
  userNid: number,
  appId: string,
  pushkey: string,
): Promise<void> {
  const statements = deletePusherStatements(userNid, appId, pushkey);
  await write(pushers.database, { statements, positions: 0 });
}

async function checkedKind(
  pushers: Pushers,
  userNid: number,
  { kind, pushkey, description: { data } }: WantedPusher,
): Promise<PusherKind> {
  switch (kind) {
    case 'http':
      checkGateway(data, pushers.config.allowHttp);
      return kind;
    case 'email': {
      if (pushers.mailer === undefined)
        throw invalidParam('This server sends no mail about notifications');
      if ((await pushers.ownerOfAddress(pushkey)) === userNid) return kind;
      throw new MatrixError(400, 'M_THREEPID_NOT_FOUND', 'Email not found');
    }
    default:
      throw invalidParam('kind must be http, email or null');
  }
}

function checkGateway({ url }: JsonObject, allowsHttp: boolean): void {
  if (url === undefined) throw missingParam('Missing required field: data.url');
  if (typeof url !== 'string' || !URL.canParse(url)) throw invalidParam('data.url is not a URL');
  const { protocol, pathname, username, password } = new URL(url);
  if (protocol !== 'https:' && !(allowsHttp && protocol === 'http:')) {
    throw invalidParam('data.url must begin with https://');
  }
  if (pathname !== GATEWAY_PATH) throw invalidParam(`data.url must have the path ${GATEWAY_PATH}`);
  if (username !== '' || password !== '') throw invalidParam('data.url must have no user name');
}

function checkLimits({ appId, pushkey, description }: WantedPusher): void {
  if (appId.length > appIdLengthMax) throw invalidParam('app_id is too long');
  if (Buffer.byteLength(pushkey) > pushkeyBytesMax) throw invalidParam('pushkey is too long');
  if (JSON.stringify(description).length > descriptionLengthMax) {
    throw invalidParam('The description of the pusher is too long');
  }
}
