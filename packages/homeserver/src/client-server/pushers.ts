import { Type } from 'typebox';

import { missingParam } from '../errors/matrix-error.ts';
import { clientPaths } from '../http/endpoint.ts';
import { JsonObject } from '../http/schemas.ts';
import { readPushersOfUser } from '../push/pushers/pusher-store.ts';
import type { Pusher } from '../push/pushers/pusher-store.ts';
import { deletePusher, setPusher } from '../push/pushers/set-pusher.ts';
import { OptionalText } from './body-fields.ts';
import { clientEndpoint } from './services.ts';

const spec = 'Push notifications';

const getPushers = clientEndpoint({
  operationId: 'getPushers',
  summary: 'Get the user’s pushers',
  spec,
  method: 'GET',
  paths: clientPaths('/pushers', { apiV1: true }),
  authentication: 'required',
  errcodes: [],
  async handle({ requester }, { pushers }) {
    const known = await readPushersOfUser(pushers.database.reader, requester.userNid);
    return { pushers: known.map(toClientPusher) };
  },
});

const PusherBody = Type.Object({
  kind: Type.Union([Type.String(), Type.Null()]),
  app_id: Type.String(),
  pushkey: Type.String(),
  app_display_name: Type.Optional(Type.String()),
  device_display_name: Type.Optional(Type.String()),
  profile_tag: OptionalText,
  lang: OptionalText,
  data: Type.Optional(JsonObject),
  append: Type.Optional(Type.Boolean()),
  'org.matrix.msc3881.enabled': Type.Optional(Type.Boolean()),
});

const postPusher = clientEndpoint({
  operationId: 'postPusher',
  summary: 'Make, change or delete a pusher',
  spec,
  method: 'POST',
  paths: clientPaths('/pushers/set', { apiV1: true }),
  authentication: 'required',
  body: PusherBody,
  errcodes: ['M_MISSING_PARAM', 'M_INVALID_PARAM', 'M_THREEPID_NOT_FOUND'],
  async handle({ body, requester }, { pushers }) {
    const { kind, app_id: appId, pushkey } = body;
    if (kind === null) {
      await deletePusher(pushers, requester.userNid, appId, pushkey);
      return {};
    }
    await setPusher(pushers, requester, {
      kind,
      appId,
      pushkey,
      description: {
        app_display_name: required(body, 'app_display_name'),
        device_display_name: required(body, 'device_display_name'),
        lang: required(body, 'lang'),
        profile_tag: body.profile_tag ?? '',
        data: required(body, 'data'),
      },
      isEnabled: body['org.matrix.msc3881.enabled'] ?? true,
      appends: body.append ?? false,
    });
    return {};
  },
});

/** What is required of every pusher but one that is to be deleted. */
function required<Body extends Type.Static<typeof PusherBody>, Name extends keyof Body & string>(
  body: Body,
  name: Name,
): NonNullable<Body[Name]> {
  const value = body[name];
  if (value === undefined || value === null) throw missingParam(`Missing required field: ${name}`);
  return value;
}

function toClientPusher({ kind, appId, pushkey, description, ...pusher }: Pusher): object {
  return {
    kind,
    app_id: appId,
    pushkey,
    ...description,
    'org.matrix.msc3881.enabled': pusher.isEnabled,
    'org.matrix.msc3881.device_id': pusher.deviceId ?? null,
  };
}

export const pusherEndpoints = [getPushers, postPusher];
