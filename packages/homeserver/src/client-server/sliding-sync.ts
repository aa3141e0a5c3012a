import { Type } from 'typebox';
import type { Static } from 'typebox';

import type { JsonObject } from '@soma/protocol';

import { toDeviceMessagesMax } from '../e2ee/limits.ts';
import { invalidParam } from '../errors/matrix-error.ts';
import { SUBSCRIPTIONS_DEFAULT } from '../rooms/relations/thread-subscriptions-page.ts';
import type { ListFilters, SlidingRequest } from '../sync/sliding/sliding-request.ts';
import { slidingSync } from '../sync/sliding/sliding-sync.ts';
import { optional } from './body-fields.ts';
import { whileFollowing } from './presence.ts';
import { viewerOf } from './room-reading.ts';
import { clientEndpoint } from './services.ts';

const LISTS_MAX = 100;
const LIST_KEY_LENGTH_MAX = 64;
const TIMELINE_LIMIT_MAX = 1_000;
const CONN_ID_LENGTH_MAX = 255;

const roomParameters = {
  required_state: Type.Array(Type.Tuple([Type.String(), Type.String()])),
  timeline_limit: Type.Integer({ minimum: 0, maximum: TIMELINE_LIMIT_MAX }),
};
const Subscription = Type.Object(roomParameters);
const RoomTypes = Type.Array(Type.Union([Type.String(), Type.Null()]));
const Filters = Type.Object({
  is_dm: optional(Type.Boolean()),
  spaces: optional(Type.Array(Type.String())),
  is_encrypted: optional(Type.Boolean()),
  is_invite: optional(Type.Boolean()),
  room_types: optional(RoomTypes),
  not_room_types: optional(RoomTypes),
  tags: optional(Type.Array(Type.String())),
  not_tags: optional(Type.Array(Type.String())),
  room_name_like: optional(Type.String()),
});
const Index = Type.Integer({ minimum: 0 });
const List = Type.Object({
  ...roomParameters,
  ranges: optional(Type.Array(Type.Tuple([Index, Index]))),
  slow_get_all_rooms: optional(Type.Boolean()),
  filters: optional(Filters),
});
const Scoped = Type.Object({
  enabled: optional(Type.Boolean()),
  lists: optional(Type.Array(Type.String())),
  rooms: optional(Type.Array(Type.String())),
});
const ToDevice = Type.Object({
  enabled: optional(Type.Boolean()),
  limit: optional(Type.Integer({ minimum: 0 })),
  since: optional(Type.String()),
});
const Extensions = Type.Object({
  to_device: optional(ToDevice),
  e2ee: optional(Type.Object({ enabled: optional(Type.Boolean()) })),
  account_data: optional(Scoped),
  receipts: optional(Scoped),
  typing: optional(Scoped),
  'io.element.msc4308.thread_subscriptions': optional(
    Type.Object({
      enabled: optional(Type.Boolean()),
      limit: optional(Type.Integer({ minimum: 1 })),
    }),
  ),
});
const Body = Type.Object({
  conn_id: optional(Type.String({ maxLength: CONN_ID_LENGTH_MAX })),
  txn_id: optional(Type.String()),
  lists: optional(Type.Record(Type.String(), List, { maxProperties: LISTS_MAX })),
  room_subscriptions: optional(Type.Record(Type.String(), Subscription)),
  extensions: optional(Extensions),
});

const simplifiedSlidingSync = clientEndpoint({
  operationId: 'simplifiedSlidingSync',
  summary: 'Synchronise the rooms that a client shows (MSC4186)',
  spec: 'Room participation',
  method: 'POST',
  paths: ['/_matrix/client/unstable/org.matrix.simplified_msc3575/sync'],
  authentication: 'required',
  guests: true,
  query: Type.Object({
    pos: Type.Optional(Type.String()),
    timeout: Type.Integer({ default: 0, minimum: 0 }),
    set_presence: Type.Optional(Type.Enum(['offline', 'online', 'unavailable'])),
  }),
  body: Body,
  errcodes: ['M_UNKNOWN_POS', 'M_MISSING_PARAM', 'M_INVALID_PARAM'],
  handle: ({ query, body, requester, signal }, services) =>
    whileFollowing(services, requester, query.set_presence, async (): Promise<JsonObject> => {
      const answer = await slidingSync(services.slidingSync, {
        viewer: viewerOf(requester),
        connId: body.conn_id ?? '',
        pos: query.pos,
        timeoutMs: query.timeout,
        ...questionOf(body),
        signal,
      });
      return typeof body.txn_id === 'string' ? { ...answer, txn_id: body.txn_id } : answer;
    }),
});

function questionOf({
  lists,
  room_subscriptions: subscriptions,
  extensions,
}: Static<typeof Body>): Pick<SlidingRequest, 'lists' | 'subscriptions' | 'extensions'> {
  if (Object.keys(lists ?? {}).some((key) => key.length > LIST_KEY_LENGTH_MAX)) {
    throw invalidParam(`The key of a list has at most ${LIST_KEY_LENGTH_MAX} characters`);
  }
  return {
    lists: new Map(
      Object.entries(lists ?? {}).map(([key, list]) => [
        key,
        {
          ...parametersOf(list),
          ranges: list.slow_get_all_rooms === true ? undefined : (list.ranges ?? undefined),
          filters: filtersOf(list.filters ?? {}),
        },
      ]),
    ),
    subscriptions: new Map(
      Object.entries(subscriptions ?? {}).map(([roomId, asked]) => [roomId, parametersOf(asked)]),
    ),
    extensions: extensionsOf(extensions ?? {}),
  };
}

function parametersOf(asked: Static<typeof Subscription>) {
  return { requiredState: asked.required_state, timelineLimit: asked.timeline_limit };
}

function filtersOf(filters: Static<typeof Filters>): ListFilters {
  return {
    isDm: filters.is_dm ?? undefined,
    spaces: filters.spaces ?? undefined,
    isEncrypted: filters.is_encrypted ?? undefined,
    isInvite: filters.is_invite ?? undefined,
    roomTypes: filters.room_types ?? undefined,
    notRoomTypes: filters.not_room_types ?? undefined,
    tags: filters.tags ?? undefined,
    notTags: filters.not_tags ?? undefined,
    nameLike: filters.room_name_like ?? undefined,
  };
}

function extensionsOf(asked: Static<typeof Extensions>): SlidingRequest['extensions'] {
  const { to_device: toDevice, e2ee, account_data: accountData, receipts, typing } = asked;
  const threads = asked['io.element.msc4308.thread_subscriptions'];
  return {
    toDevice: toDevice?.enabled === true ? toDeviceOf(toDevice) : undefined,
    e2ee: e2ee?.enabled === true,
    accountData: scopeOf(accountData),
    receipts: scopeOf(receipts),
    typing: scopeOf(typing),
    threadSubscriptions:
      threads?.enabled === true ? { limit: threads.limit ?? SUBSCRIPTIONS_DEFAULT } : undefined,
  };
}

function toDeviceOf({ since, limit }: Static<typeof ToDevice>) {
  return {
    since: since ?? undefined,
    limit: Math.min(Math.max(limit ?? toDeviceMessagesMax, 1), toDeviceMessagesMax),
  };
}

function scopeOf(asked: Static<typeof Scoped> | null | undefined) {
  if (asked?.enabled !== true) return undefined;
  return { lists: asked.lists ?? undefined, rooms: asked.rooms ?? undefined };
}

export const slidingSyncEndpoints = [simplifiedSlidingSync];
