import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import { testEngines } from '../../../../tests/harness/engines.ts';
import type { TestDatabase } from '../../../../tests/harness/engines.ts';
import { openAccountsUnderTest } from './accounts-under-test.ts';
import type { AccountsUnderTest } from './accounts-under-test.ts';
import type { Accounts } from './accounts.ts';
import { findAccount } from './find-account.ts';
import { profileOf } from './profile-of.ts';
import { registerAccount } from './register-account.ts';
import type { Registered } from './register-account.ts';
import { resolveToken } from './resolve-token.ts';

const origin = { clientAddress: '192.0.2.1', userAgent: 'a client' };
const session = { deviceId: undefined, deviceDisplayName: undefined };

function register(accounts: Accounts, username?: string): Promise<Registered> {
  return registerAccount(accounts, { username, password: 'secret', session });
}

for (const engine of testEngines()) {
  describe(`registration of accounts (${engine.name})`, () => {
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

    it('makes an account with a profile, a device and a token', async () => {
      const { accounts } = opened;
      const { userId, session: made } = await registerAccount(accounts, {
        username: 'Alice',
        password: 'secret',
        session: { deviceId: 'PHONE', deviceDisplayName: 'A phone' },
      });
      assert.equal(userId, '@alice:example.org');
      assert.equal(made?.deviceId, 'PHONE');
      assert.deepEqual(await profileOf(accounts, userId), {
        displayName: 'alice',
        avatarUrl: undefined,
      });
      const owner = await resolveToken(accounts, made.accessToken, origin);
      assert.ok(owner !== undefined && owner !== 'soft_logout');
      assert.equal(owner.userId, userId);
      assert.equal(owner.deviceId, 'PHONE');
      assert.equal(owner.isAdmin, false);
      const account = await findAccount(accounts, userId);
      assert.match(account?.passwordHash ?? '', /^\$argon2id\$/);
      assert.equal(account?.createdTs, opened.clock.nowMs);
    });

    it('gives a name to exactly one of several who ask at once', async () => {
      const attempts = Array.from({ length: 5 }, () => register(opened.accounts, 'popular'));
      const outcomes = await Promise.allSettled(attempts);
      assert.equal(outcomes.filter(({ status }) => status === 'fulfilled').length, 1);
      for (const outcome of outcomes) {
        if (outcome.status === 'fulfilled') continue;
        assert.equal(outcome.reason.errcode, 'M_USER_IN_USE');
      }
    });

    it('refuses names that nobody may have', async () => {
      const names = ['', '_bridge', '123', 'a b', 'a:b', 'münchen', 'a'.repeat(243), 'a\0'];
      for (const username of names) {
        const refused = { status: 400, errcode: 'M_INVALID_USERNAME' };
        await assert.rejects(register(opened.accounts, username), refused, username);
      }
      const longest = 'a'.repeat(242);
      assert.equal((await register(opened.accounts, longest)).userId.length, 255);
      const { userId } = await register(opened.accounts, 'b_c.d=e-f/g+1');
      assert.equal(userId, '@b_c.d=e-f/g+1:example.org');
    });

    it('gives numbers to those who ask for no name', async () => {
      const first = await register(opened.accounts);
      const second = await register(opened.accounts);
      assert.match(first.userId, /^@\d+:example\.org$/);
      assert.match(second.userId, /^@\d+:example\.org$/);
      assert.notEqual(first.userId, second.userId);
    });

    it('logs nobody in where no session is asked for', async () => {
      const registered = await registerAccount(opened.accounts, {
        username: 'no-session',
        password: 'secret',
        session: undefined,
      });
      assert.equal(registered.session, undefined);
    });

    it('remembers administrators, guests and types of users', async () => {
      const { accounts } = opened;
      const common = { password: undefined, session };
      const admin = await registerAccount(accounts, {
        ...common,
        username: 'root',
        isAdmin: true,
        userType: 'bot',
        displayName: 'The root',
      });
      const account = await findAccount(accounts, admin.userId);
      assert.equal(account?.isAdmin, true);
      assert.equal(account.userType, 'bot');
      assert.equal(account.passwordHash, undefined);
      assert.equal((await profileOf(accounts, admin.userId))?.displayName, 'The root');
      const guest = await registerAccount(accounts, {
        ...common,
        username: undefined,
        isGuest: true,
      });
      const owner = await resolveToken(accounts, guest.session?.accessToken ?? '', origin);
      assert.ok(owner !== undefined && owner !== 'soft_logout');
      assert.equal(owner.isGuest, true);
      assert.equal((await profileOf(accounts, guest.userId))?.displayName, undefined);
    });
  });
}
