import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import { testEngines } from '../../../../tests/harness/engines.ts';
import type { TestDatabase } from '../../../../tests/harness/engines.ts';
import { ChangeKind } from '../storage/change.ts';
import type { Touch } from '../storage/change.ts';
import { readAccountData, readAccountDataChanged } from './account-data-store.ts';
import { openAccountsUnderTest } from './accounts-under-test.ts';
import type { AccountsUnderTest } from './accounts-under-test.ts';
import { defineFilter } from './define-filter.ts';
import { findAccountData } from './find-account-data.ts';
import { findAccount } from './find-account.ts';
import { findFilter } from './find-filter.ts';
import { profileOf } from './profile-of.ts';
import { registerAccount } from './register-account.ts';
import { setAccountData } from './set-account-data.ts';
import { setAccountFlags } from './set-account-flags.ts';
import { setProfileField } from './set-profile.ts';

const room = '!room:example.org';

for (const engine of testEngines()) {
  describe(`what users keep (${engine.name})`, () => {
    let database: TestDatabase;
    let opened: AccountsUnderTest;

    before(async () => {
      database = await engine.createDatabase();
      opened = await openAccountsUnderTest(database.config);
    });
    after(async () => {
      await opened.close();
      await database.drop();
    });

    async function register(username: string): Promise<{ userId: string; userNid: number }> {
      const registration = { username, password: undefined, session: undefined };
      const { userId } = await registerAccount(opened.accounts, registration);
      return { userId, userNid: (await findAccount(opened.accounts, userId))?.userNid ?? 0 };
    }

    it('keeps account data by type and room', async () => {
      const { accounts } = opened;
      const [alice, bob] = [await register('alice'), await register('bob')];
      await setAccountData(accounts, alice.userNid, undefined, 'm.direct', { a: '\ud800\0' });
      await setAccountData(accounts, alice.userNid, room, 'm.direct', { b: 2 });
      const find = (userNid: number, roomId: string | undefined, type: string) =>
        findAccountData(accounts, userNid, roomId, type);
      assert.equal(await find(alice.userNid, undefined, 'm.direct'), '{"a":"\\ud800\\u0000"}');
      assert.equal(await find(alice.userNid, room, 'm.direct'), '{"b":2}');
      assert.equal(await find(bob.userNid, room, 'm.direct'), undefined);
      assert.equal(await find(alice.userNid, '!other:example.org', 'm.direct'), undefined);
      await setAccountData(accounts, alice.userNid, room, 'm.direct', {});
      assert.equal(await find(alice.userNid, room, 'm.direct'), '{}');
    });

    it('tells what has changed above one position up to another', async () => {
      const { accounts } = opened;
      const { reader } = opened.database;
      const { userNid } = await register('changer');
      const roomNid = await accounts.names.rooms.intern(room);
      const touched: Touch[] = [];
      opened.database.onCommit((committed) => {
        touched.push(...committed.flatMap(({ change }) => change.touches ?? []));
      });
      const positions = [opened.database.position];
      for (const [roomId, type] of [
        [undefined, 'first'],
        [room, 'second'],
        [undefined, 'third'],
      ] as const) {
        await setAccountData(accounts, userNid, roomId, type, { type });
        positions.push(opened.database.position);
      }
      const subject = { kind: ChangeKind.userData, subject: userNid };
      assert.deepEqual(touched, [subject, subject, subject]);
      const all = await readAccountData(reader, userNid);
      assert.deepEqual(
        all.global.map(({ type }) => type),
        ['first', 'third'],
      );
      assert.deepEqual(
        [...all.rooms],
        [[roomNid, [{ type: 'second', content: '{"type":"second"}' }]]],
      );
      const [start = 0, afterFirst = 0, afterSecond = 0, afterThird = 0] = positions;
      const changed = (above: number, upTo: number) =>
        readAccountDataChanged(reader, userNid, above, upTo);
      assert.deepEqual((await changed(start, afterThird)).global.length, 2);
      const middle = await changed(afterFirst, afterSecond);
      assert.deepEqual([middle.global.length, [...middle.rooms.keys()]], [0, [roomNid]]);
      assert.deepEqual(await changed(afterThird, afterThird + 10), {
        global: [],
        rooms: new Map(),
      });
    });

    it('refuses types that the server writes itself, and what is no room', async () => {
      const { accounts } = opened;
      const { userNid } = await register('refused');
      for (const type of ['m.fully_read', 'm.push_rules']) {
        const set = setAccountData(accounts, userNid, room, type, {});
        await assert.rejects(set, { status: 405, errcode: 'M_BAD_JSON' });
      }
      const invalid = { status: 400, errcode: 'M_INVALID_PARAM' };
      await assert.rejects(setAccountData(accounts, userNid, '@a:b', 'x', {}), invalid);
      await assert.rejects(findAccountData(accounts, userNid, '@a:b', 'x'), invalid);
      const long = setAccountData(accounts, userNid, undefined, 'ü'.repeat(128), {});
      await assert.rejects(long, invalid);
      await setAccountData(accounts, userNid, undefined, '\0'.repeat(255), {});
    });

    it('gives identical filters one ID, and each user their own', async () => {
      const { accounts } = opened;
      const [alice, bob] = [await register('filterer'), await register('filterer2')];
      const first = await defineFilter(accounts, alice.userNid, { room: { rooms: [] }, x: 1.5 });
      assert.equal(
        await defineFilter(accounts, alice.userNid, { x: 1.5, room: { rooms: [] } }),
        first,
      );
      const others = await Promise.all(
        [10, 11, 10].map((limit) =>
          defineFilter(accounts, alice.userNid, { room: { timeline: { limit } } }),
        ),
      );
      assert.equal(others[0], others[2]);
      assert.equal(new Set([first, ...others]).size, 3);
      assert.equal(
        await findFilter(accounts, alice.userNid, first),
        '{"room":{"rooms":[]},"x":1.5}',
      );
      assert.equal(await findFilter(accounts, bob.userNid, first), undefined);
      for (const absent of ['99', 'x', '', '-1', '1e3', '9'.repeat(30)]) {
        assert.equal(await findFilter(accounts, alice.userNid, absent), undefined);
      }
      const wrong = defineFilter(accounts, alice.userNid, { room: { timeline: { limit: 'x' } } });
      await assert.rejects(wrong, { status: 400, errcode: 'M_BAD_JSON' });
    });

    it('lets users set their own profile, and administrators anyone’s', async () => {
      const { accounts } = opened;
      const [alice, bob] = [await register('profiled'), await register('profiled2')];
      const [me, admin] = [
        { userId: alice.userId, isAdmin: false },
        { userId: bob.userId, isAdmin: true },
      ];
      await setProfileField(accounts, me, alice.userId, 'displayName', 'Alice \0');
      await setProfileField(accounts, me, alice.userId, 'avatarUrl', 'mxc://example.org/a');
      assert.deepEqual(await profileOf(accounts, alice.userId), {
        displayName: 'Alice \0',
        avatarUrl: 'mxc://example.org/a',
      });
      await setProfileField(accounts, admin, alice.userId, 'displayName', '');
      assert.equal((await profileOf(accounts, alice.userId))?.displayName, undefined);
      const foreign = setProfileField(accounts, me, bob.userId, 'displayName', 'x');
      await assert.rejects(foreign, { status: 403, errcode: 'M_FORBIDDEN' });
      const unknown = setProfileField(accounts, admin, '@x:example.org', 'displayName', 'x');
      await assert.rejects(unknown, { status: 404, errcode: 'M_NOT_FOUND' });
      for (const [field, lengthMax] of [
        ['displayName', 256],
        ['avatarUrl', 1000],
      ] as const) {
        await setProfileField(accounts, me, alice.userId, field, 'x'.repeat(lengthMax));
        const long = setProfileField(accounts, me, alice.userId, field, 'x'.repeat(lengthMax + 1));
        await assert.rejects(long, { status: 400, errcode: 'M_INVALID_PARAM' });
      }
      assert.equal(await profileOf(accounts, '@nobody:example.org'), undefined);
      const account = await findAccount(accounts, alice.userId);
      assert.ok(account !== undefined);
      await setAccountFlags(accounts, account, { isSuspended: true });
      const suspended = setProfileField(accounts, me, alice.userId, 'displayName', 'x');
      await assert.rejects(suspended, { status: 403, errcode: 'M_USER_SUSPENDED' });
    });

    it('lets a name be set once where the operator forbids changes', async () => {
      await opened.close();
      opened = await openAccountsUnderTest(database.config, { enable_set_displayname: false });
      const { accounts } = opened;
      const { userId } = await register('fixed');
      const me = { userId, isAdmin: false };
      const change = setProfileField(accounts, me, userId, 'displayName', 'x');
      await assert.rejects(change, { status: 403, errcode: 'M_FORBIDDEN' });
      await setProfileField(accounts, { userId, isAdmin: true }, userId, 'displayName', '');
      await setProfileField(accounts, me, userId, 'displayName', 'x');
      await setProfileField(accounts, me, userId, 'avatarUrl', 'mxc://example.org/a');
    });
  });
}
