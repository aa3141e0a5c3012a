import assert from 'node:assert/strict';

import type { TestUser } from '../harness/client.ts';
import { listAt, valueAt } from '../harness/json-path.ts';
import { apiV1, r0 } from './old-view.ts';
import { ok, refusal, v3 } from './requests.ts';
import { serverTests } from './server-test.ts';
import { sync } from './sync-view.ts';

const test = serverTests();
const rules = `${v3}/pushrules/global`;
const content = { actions: ['notify'], pattern: 'cake' };

function put(user: TestUser, id: string, query: Record<string, string> = {}): Promise<unknown> {
  return ok(user, 'PUT', `${rules}/content/${id}`, { body: content, query });
}

async function contentRules(user: TestUser): Promise<unknown[]> {
  const all = await ok(user, 'GET', `${rules}/`);
  return listAt(all, 'content').map((rule) => valueAt(rule, 'rule_id'));
}

test('the rules are read whole, by scope, by kind and one by one, under every prefix', async (given) => {
  const alice = await given.newUser();
  await put(alice, 'cakes');
  for (const base of [v3, r0, apiV1]) {
    for (const slash of ['', '/']) {
      const whole = await ok(alice, 'GET', `${base}/pushrules${slash}`);
      const global = await ok(alice, 'GET', `${base}/pushrules/global${slash}`);
      assert.deepEqual(valueAt(whole, 'global'), global);
      const ofKind = await ok(alice, 'GET', `${base}/pushrules/global/content${slash}`);
      assert.deepEqual(ofKind, valueAt(global, 'content'));
    }
    const one = await ok(alice, 'GET', `${base}/pushrules/global/content/cakes`);
    assert.equal(valueAt(one, 'pattern'), 'cake');
    assert.equal(valueAt(one, 'enabled'), true);
    assert.equal(valueAt(one, 'default'), false);
  }
});

test('a rule goes where it is put', async (given) => {
  const alice = await given.newUser();
  await put(alice, 'a');
  await put(alice, 'b');
  await put(alice, 'c', { after: 'b' });
  await put(alice, 'd', { before: 'a' });
  assert.deepEqual(await contentRules(alice), ['b', 'c', 'd', 'a']);
  await put(alice, 'a', { before: 'b' });
  assert.deepEqual(await contentRules(alice), ['a', 'b', 'c', 'd']);
  await ok(alice, 'DELETE', `${rules}/content/b`);
  assert.deepEqual(await contentRules(alice), ['a', 'c', 'd']);
});

test('rules are turned off and given other actions, the server’s own too', async (given) => {
  const alice = await given.newUser();
  await put(alice, 'cakes');
  for (const rule of ['content/cakes', 'override/.m.rule.master', 'underride/.m.rule.message']) {
    const path = `${rules}/${rule}`;
    const { enabled } = Object(await ok(alice, 'GET', `${path}/enabled`));
    await ok(alice, 'PUT', `${path}/enabled`, { body: { enabled: enabled !== true } });
    assert.deepEqual(await ok(alice, 'GET', `${path}/enabled`), { enabled: enabled !== true });
    const actions = ['notify', { set_tweak: 'sound', value: 'ping' }];
    await ok(alice, 'PUT', `${path}/actions`, { body: { actions } });
    assert.deepEqual(await ok(alice, 'GET', `${path}/actions`), { actions });
  }
});

test('what is wrong with a rule is said', async (given) => {
  const alice = await given.newUser();
  const outcomes: readonly (readonly [string, string, unknown, string])[] = [
    ['GET', 'content/none', undefined, '404 M_NOT_FOUND'],
    ['DELETE', 'content/none', undefined, '404 M_NOT_FOUND'],
    ['DELETE', 'override/.m.rule.master', undefined, '404 M_NOT_FOUND'],
    ['GET', 'content/none/enabled', undefined, '404 M_NOT_FOUND'],
    ['PUT', 'content/none/enabled', { enabled: true }, '404 M_NOT_FOUND'],
    ['PUT', 'content/none/actions', { actions: [] }, '404 M_NOT_FOUND'],
    ['GET', 'nonsense', undefined, '400 M_INVALID_PARAM'],
    ['GET', 'nonsense/rule', undefined, '400 M_INVALID_PARAM'],
    ['PUT', 'content/.mine', content, '400 M_INVALID_PARAM'],
    ['PUT', 'content/a%2Fb', content, '400 M_INVALID_PARAM'],
    ['PUT', 'content/mine', { actions: ['notify'] }, '400 M_MISSING_PARAM'],
    ['PUT', 'content/mine', { ...content, actions: 'notify' }, '400 M_BAD_JSON'],
    ['PUT', 'content/mine?before=none', content, '400 M_UNKNOWN'],
    ['PUT', 'override/.m.rule.master/enabled', { enabled: 1 }, '400 M_BAD_JSON'],
    ['GET', '../device/content', undefined, '404 M_UNRECOGNIZED'],
  ];
  for (const [method, path, body, expected] of outcomes) {
    const options = body === undefined ? {} : { body };
    assert.equal(await refusal(alice, method, `${rules}/${path}`, options), expected, path);
  }
});

test('a change of rules comes with the next sync', async (given) => {
  const alice = await given.newUser();
  const first = await sync(alice);
  assert.ok(first.accountData.some(({ type }) => type === 'm.push_rules'));
  assert.deepEqual((await sync(alice, { since: first.nextBatch })).accountData, []);
  await put(alice, 'cakes');
  const { accountData } = await sync(alice, { since: first.nextBatch });
  assert.deepEqual(
    accountData.map(({ type }) => type),
    ['m.push_rules'],
  );
  assert.deepEqual(valueAt(accountData[0]?.content, 'global'), await ok(alice, 'GET', `${rules}/`));
});
