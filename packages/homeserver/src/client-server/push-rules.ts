import { Type } from 'typebox';

import {
  type EditedPushRules,
  type PushRule,
  type PushRuleChanges,
  type PushRuleKind,
  deletePushRule as withoutRule,
  findPushRule,
  isPushRuleKind,
  putPushRule as withRule,
  setPushRuleActions as withActions,
  setPushRuleEnabled as withEnabled,
} from '@soma/protocol';

import { invalidParam, notFound } from '../errors/matrix-error.ts';
import { clientPaths } from '../http/endpoint.ts';
import type { Requester } from '../http/endpoint.ts';
import { EmptyObject, JsonObject } from '../http/schemas.ts';
import { changePushRules, readPushRuleChanges } from '../push/change-push-rules.ts';
import { pushRulesOf } from '../push/push-rules-of.ts';
import type { PushRules } from '../push/push-rules.ts';
import { clientEndpoint } from './services.ts';

interface RulePath {
  readonly kind: string;
  readonly ruleId: string;
}

const rulePath = '/pushrules/global/{kind}/{ruleId}';
const described = { spec: 'Push Notifications', authentication: 'required' } as const;

function kindOf(kind: string): PushRuleKind {
  if (!isPushRuleKind(kind)) throw invalidParam(`There are no push rules of the kind ${kind}`);
  return kind;
}

/** Throws `404 M_NOT_FOUND`. */
async function findRule(pushRules: PushRules, who: Requester, path: RulePath): Promise<PushRule> {
  const kind = kindOf(path.kind);
  const changes = await readPushRuleChanges(pushRules.rooms.database.reader, who.userNid);
  const rule = findPushRule(changes, kind, path.ruleId, who.userId);
  if (rule === undefined) throw notFound('The push rule was not found.');
  return rule;
}

async function editRule(
  pushRules: PushRules,
  who: Requester,
  path: RulePath,
  edit: (changes: PushRuleChanges, kind: PushRuleKind, ruleId: string) => EditedPushRules,
): Promise<object> {
  const kind = kindOf(path.kind);
  await changePushRules(pushRules, who.userNid, (changes) => edit(changes, kind, path.ruleId));
  return {};
}

const getPushRules = clientEndpoint({
  ...described,
  operationId: 'getPushRules',
  summary: 'Retrieve all push rulesets',
  method: 'GET',
  paths: [
    ...clientPaths('/pushrules/', { apiV1: true }),
    ...clientPaths('/pushrules', { apiV1: true }),
  ],
  errcodes: [],
  handle: ({ requester }, { pushRules }) =>
    pushRulesOf(pushRules.rooms.database.reader, requester.userNid, requester.userId),
});

const getPushRulesGlobal = clientEndpoint({
  ...described,
  operationId: 'getPushRulesGlobal',
  summary: 'Retrieve all push rules',
  method: 'GET',
  paths: [
    ...clientPaths('/pushrules/global/', { apiV1: true }),
    ...clientPaths('/pushrules/global', { apiV1: true }),
  ],
  errcodes: [],
  handle: async ({ requester: { userNid, userId } }, { pushRules }) =>
    (await pushRulesOf(pushRules.rooms.database.reader, userNid, userId)).global,
});

/** Only in the specification's past; Synapse answers it still. */
const getPushRulesOfKind = clientEndpoint({
  ...described,
  operationId: 'getPushRulesOfKind',
  summary: 'Retrieve the push rules of one kind',
  method: 'GET',
  paths: [
    ...clientPaths('/pushrules/global/{kind}/', { apiV1: true }),
    ...clientPaths('/pushrules/global/{kind}', { apiV1: true }),
  ],
  deprecated: true,
  errcodes: ['M_INVALID_PARAM'],
  handle: async ({ params, requester: { userNid, userId } }, { pushRules }) => {
    const kind = kindOf(params.kind);
    return (await pushRulesOf(pushRules.rooms.database.reader, userNid, userId)).global[kind];
  },
});

const getPushRule = clientEndpoint({
  ...described,
  operationId: 'getPushRule',
  summary: 'Retrieve a push rule',
  method: 'GET',
  paths: clientPaths(rulePath, { apiV1: true }),
  errcodes: ['M_INVALID_PARAM'],
  handle: ({ params, requester }, { pushRules }) => findRule(pushRules, requester, params),
});

const setPushRule = clientEndpoint({
  ...described,
  operationId: 'setPushRule',
  summary: 'Add or change a push rule',
  method: 'PUT',
  paths: clientPaths(rulePath, { apiV1: true }),
  query: Type.Object({
    before: Type.Optional(Type.String()),
    after: Type.Optional(Type.String()),
  }),
  body: JsonObject,
  responses: { 200: EmptyObject },
  errcodes: ['M_INVALID_PARAM', 'M_TOO_LARGE'],
  handle: ({ params, query, body, requester }, { pushRules }) =>
    editRule(pushRules, requester, params, (changes, kind, ruleId) =>
      withRule(changes, kind, ruleId, body, query),
    ),
});

const deletePushRule = clientEndpoint({
  ...described,
  operationId: 'deletePushRule',
  summary: 'Delete a push rule',
  method: 'DELETE',
  paths: clientPaths(rulePath, { apiV1: true }),
  responses: { 200: EmptyObject },
  errcodes: ['M_INVALID_PARAM'],
  handle: ({ params, requester }, { pushRules }) =>
    editRule(pushRules, requester, params, withoutRule),
});

const isPushRuleEnabled = clientEndpoint({
  ...described,
  operationId: 'isPushRuleEnabled',
  summary: 'Get whether a push rule is enabled',
  method: 'GET',
  paths: clientPaths(`${rulePath}/enabled`, { apiV1: true }),
  errcodes: ['M_INVALID_PARAM'],
  handle: async ({ params, requester }, { pushRules }) => {
    const { enabled } = await findRule(pushRules, requester, params);
    return { enabled };
  },
});

const setPushRuleEnabled = clientEndpoint({
  ...described,
  operationId: 'setPushRuleEnabled',
  summary: 'Enable or disable a push rule',
  method: 'PUT',
  paths: clientPaths(`${rulePath}/enabled`, { apiV1: true }),
  body: Type.Object({ enabled: Type.Boolean() }),
  responses: { 200: EmptyObject },
  errcodes: ['M_INVALID_PARAM'],
  handle: ({ params, body: { enabled }, requester }, { pushRules }) =>
    editRule(pushRules, requester, params, (changes, kind, ruleId) =>
      withEnabled(changes, kind, ruleId, enabled),
    ),
});

const getPushRuleActions = clientEndpoint({
  ...described,
  operationId: 'getPushRuleActions',
  summary: 'The actions for a push rule',
  method: 'GET',
  paths: clientPaths(`${rulePath}/actions`, { apiV1: true }),
  errcodes: ['M_INVALID_PARAM'],
  handle: async ({ params, requester }, { pushRules }) => {
    const { actions } = await findRule(pushRules, requester, params);
    return { actions };
  },
});

const setPushRuleActions = clientEndpoint({
  ...described,
  operationId: 'setPushRuleActions',
  summary: 'Set the actions for a push rule',
  method: 'PUT',
  paths: clientPaths(`${rulePath}/actions`, { apiV1: true }),
  body: JsonObject,
  responses: { 200: EmptyObject },
  errcodes: ['M_INVALID_PARAM', 'M_TOO_LARGE'],
  handle: ({ params, body, requester }, { pushRules }) =>
    editRule(pushRules, requester, params, (changes, kind, ruleId) =>
      withActions(changes, kind, ruleId, body['actions']),
    ),
});

export const pushRuleEndpoints = [
  getPushRules,
  getPushRulesGlobal,
  getPushRulesOfKind,
  getPushRule,
  setPushRule,
  deletePushRule,
  isPushRuleEnabled,
  setPushRuleEnabled,
  getPushRuleActions,
  setPushRuleActions,
];
