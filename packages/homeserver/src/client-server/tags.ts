import { editTag, findTags } from '../accounts/edit-tags.ts';
import { clientPaths } from '../http/endpoint.ts';
import { JsonObject } from '../http/schemas.ts';
import { checkOwnUser } from './own-user.ts';
import { accountEndpoint } from './services.ts';

const shared = {
  spec: 'Room tagging',
  authentication: 'required',
  errcodes: ['M_INVALID_PARAM'],
} as const;
const tagPaths = clientPaths('/user/{userId}/rooms/{roomId}/tags/{tag}');

export const getRoomTags = accountEndpoint({
  ...shared,
  operationId: 'getRoomTags',
  summary: 'List the user’s tags of a room',
  method: 'GET',
  paths: clientPaths('/user/{userId}/rooms/{roomId}/tags'),
  async handle({ requester, params: { userId, roomId } }, { accounts }) {
    checkOwnUser(requester, userId);
    return { tags: await findTags(accounts, requester.userNid, roomId) };
  },
});

export const setRoomTag = accountEndpoint({
  ...shared,
  operationId: 'setRoomTag',
  summary: 'Tag a room',
  method: 'PUT',
  paths: tagPaths,
  body: JsonObject,
  async handle({ requester, params: { userId, roomId, tag }, body }, { accounts }) {
    checkOwnUser(requester, userId);
    await editTag(accounts, requester.userNid, roomId, tag, body);
    return {};
  },
});

export const deleteRoomTag = accountEndpoint({
  ...shared,
  operationId: 'deleteRoomTag',
  summary: 'Take a tag from a room',
  method: 'DELETE',
  paths: tagPaths,
  async handle({ requester, params: { userId, roomId, tag } }, { accounts }) {
    checkOwnUser(requester, userId);
    await editTag(accounts, requester.userNid, roomId, tag, undefined);
    return {};
  },
});
