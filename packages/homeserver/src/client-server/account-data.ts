import { findAccountData } from '../accounts/find-account-data.ts';
import { setAccountData } from '../accounts/set-account-data.ts';
import { notFound } from '../errors/matrix-error.ts';
import { clientPaths } from '../http/endpoint.ts';
import { JsonText } from '../http/response.ts';
import { JsonObject } from '../http/schemas.ts';
import { pushRulesOf } from '../push/push-rules-of.ts';
import { checkOwnUser } from './own-user.ts';
import { accountEndpoint } from './services.ts';

const spec = 'Client config';
const globalPaths = clientPaths('/user/{userId}/account_data/{type}');
const roomPaths = clientPaths('/user/{userId}/rooms/{roomId}/account_data/{type}');

export const setAccountDataEndpoint = accountEndpoint({
  operationId: 'setAccountData',
  summary: 'Keep something for all of the user’s clients',
  spec,
  method: 'PUT',
  paths: globalPaths,
  authentication: 'required',
  body: JsonObject,
  errcodes: ['M_INVALID_PARAM'],
  async handle({ requester, params: { userId, type }, body }, { accounts }) {
    checkOwnUser(requester, userId);
    await setAccountData(accounts, requester.userNid, undefined, type, body);
    return {};
  },
});

export const getAccountData = accountEndpoint({
  operationId: 'getAccountData',
  summary: 'Show what is kept for the user’s clients',
  spec,
  method: 'GET',
  paths: globalPaths,
  authentication: 'required',
  errcodes: [],
  async handle({ requester, params: { userId, type } }, { accounts }) {
    checkOwnUser(requester, userId);
    const { userNid } = requester;
    // Kept as rules, and shown where clients look for account data.
    if (type === 'm.push_rules') return pushRulesOf(accounts.database.reader, userNid, userId);
    const content = await findAccountData(accounts, userNid, undefined, type);
    if (content === undefined) throw notFound('No account data of this type');
    return new JsonText(content);
  },
});

export const setAccountDataPerRoom = accountEndpoint({
  operationId: 'setAccountDataPerRoom',
  summary: 'Keep something about a room for all of the user’s clients',
  spec,
  method: 'PUT',
  paths: roomPaths,
  authentication: 'required',
  body: JsonObject,
  errcodes: ['M_INVALID_PARAM'],
  async handle({ requester, params: { userId, roomId, type }, body }, { accounts }) {
    checkOwnUser(requester, userId);
    await setAccountData(accounts, requester.userNid, roomId, type, body);
    return {};
  },
});

export const getAccountDataPerRoom = accountEndpoint({
  operationId: 'getAccountDataPerRoom',
  summary: 'Show what is kept about a room for the user’s clients',
  spec,
  method: 'GET',
  paths: roomPaths,
  authentication: 'required',
  errcodes: ['M_INVALID_PARAM'],
  async handle({ requester, params: { userId, roomId, type } }, { accounts }) {
    checkOwnUser(requester, userId);
    const content = await findAccountData(accounts, requester.userNid, roomId, type);
    if (content === undefined) throw notFound('No account data of this type for this room');
    return new JsonText(content);
  },
});
