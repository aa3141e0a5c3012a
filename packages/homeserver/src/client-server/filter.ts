import { defineFilter } from '../accounts/define-filter.ts';
import { findFilter } from '../accounts/find-filter.ts';
import { notFound } from '../errors/matrix-error.ts';
import { clientPaths } from '../http/endpoint.ts';
import { JsonText } from '../http/response.ts';
import { JsonObject } from '../http/schemas.ts';
import { checkOwnUser } from './own-user.ts';
import { accountEndpoint } from './services.ts';

const spec = 'Filtering';
const filterBytesMax = 65_536;

export const defineFilterEndpoint = accountEndpoint({
  operationId: 'defineFilter',
  summary: 'Keep a filter for later requests',
  spec,
  method: 'POST',
  paths: clientPaths('/user/{userId}/filter'),
  authentication: 'required',
  guests: true,
  body: JsonObject,
  bodyBytesMax: filterBytesMax,
  errcodes: ['M_TOO_LARGE'],
  async handle({ requester, params, body }, { accounts }) {
    checkOwnUser(requester, params.userId);
    return { filter_id: await defineFilter(accounts, requester.userNid, body) };
  },
});

export const getFilter = accountEndpoint({
  operationId: 'getFilter',
  summary: 'Show a filter',
  spec,
  method: 'GET',
  paths: clientPaths('/user/{userId}/filter/{filterId}'),
  authentication: 'required',
  guests: true,
  errcodes: [],
  async handle({ requester, params }, { accounts }) {
    checkOwnUser(requester, params.userId);
    const json = await findFilter(accounts, requester.userNid, params.filterId);
    if (json === undefined) throw notFound('No such filter');
    return new JsonText(json);
  },
});
