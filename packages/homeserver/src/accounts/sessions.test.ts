import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import { testEngines } from '../../../../tests/harness/engines.ts';
import type { TestDatabase } from '../../../../tests/harness/engines.ts';
import type { Reader } from '../storage/sql.ts';
import { setPasswordStatement } from './account-store.ts';
import { openAccountsUnderTest } from './accounts-under-test.ts';
import type { AccountsUnderTest } from './accounts-under-test.ts';
import { changePassword } from './change-password.ts';
import { deleteDevices } from './delete-devices.ts';
import { findAccount } from './find-account.ts';
import { listDevices } from './list-devices.ts';
import { logIn } from './log-in.ts';
import type { LoggedIn, LoginLimits, PasswordLogin } from './log-in.ts';
import { logOutEverywhere } from './log-out-everywhere.ts';
import { logOut } from './log-out.ts';
import { registerAccount } from './register-account.ts';
import { renameDevice } from './rename-device.ts';
import { resolveToken } from './resolve-token.ts';
import { setAccountFlags } from './set-account-flags.ts';
import { TokenCache } from './token-cache.ts';
import type { TokenOwner } from './token-cache.ts';

const origin = { clientAddress: '192.0.2.1', userAgent: 'a client' };
const noLimits: LoginLimits = {
  beforeAttempt() {},
  afterFailure() {},
  beforeSession() {},
};

for (const engine of testEngines()) {
  describe(`sessions (${engine.name})`, () => {
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

    async function register(username: string): Promise<void> {
      await registerAccount(opened.accounts, { username, password: 'secret', session: undefined });
    }

    function login(user: string, changes: Partial<PasswordLogin> = {}): Promise<LoggedIn> {
      const identifier = { type: 'm.id.user', user };
      const base = { password: 'secret', deviceId: undefined, deviceDisplayName: undefined };
      return logIn(opened.accounts, { identifier, ...base, ...changes }, noLimits);
    }

    async function ownerOf({ accessToken }: LoggedIn): Promise<TokenOwner> {
      const owner = await resolveToken(opened.accounts, accessToken, origin);
      assert.ok(owner !== undefined && owner !== 'soft_logout', 'the token is known');
      return owner;
    }

    async function assertEnded({ accessToken }: LoggedIn): Promise<void> {
      assert.equal(await resolveToken(opened.accounts, accessToken, origin), undefined);
    }

    it('resolves a token at once when it is cached', async () => {
      await register('cached');
      const session = await login('cached');
      const first = resolveToken(opened.accounts, session.accessToken, origin);
      assert.ok(first instanceof Promise);
      const owner = await first;
      assert.equal(resolveToken(opened.accounts, session.accessToken, origin), owner);
    });

    it('knows a user by localpart, by ID and in any case', async () => {
      await register('named');
      for (const user of ['named', '@named:example.org', 'NAMED', '@Named:example.org']) {
        assert.equal((await login(user)).userId, '@named:example.org');
      }
    });

    it('refuses an unknown user and a wrong password alike', async () => {
      await register('guarded');
      const refusal = {
        status: 403,
        errcode: 'M_FORBIDDEN',
        message: 'Invalid username or password',
      };
      await assert.rejects(login('guarded', { password: 'wrong' }), refusal);
      await assert.rejects(login('guarded', { password: 'secret'.padEnd(600) }), refusal);
      await assert.rejects(login('nobody'), refusal);
      await assert.rejects(login('a:b'), refusal);
      const phone = { identifier: { type: 'm.id.phone', country: 'GB', phone: '1' } };
      await assert.rejects(login('guarded', phone), refusal);
    });

    it('refuses users of other servers and identifiers of no known kind', async () => {
      await assert.rejects(login('@guarded:elsewhere.org'), {
        status: 403,
        errcode: 'M_FORBIDDEN',
      });
      const unknown = { identifier: { type: 'm.id.other' } };
      await assert.rejects(login('x', unknown), { status: 400, errcode: 'M_UNKNOWN' });
      const empty = { identifier: { type: 'm.id.user' } };
      await assert.rejects(login('x', empty), { status: 400, errcode: 'M_MISSING_PARAM' });
    });

    it('asks the limits before, after a failure and before a session', async () => {
      await register('limited');
      const seen: string[] = [];
      const limits: LoginLimits = {
        beforeAttempt: (userId) => void seen.push(`attempt ${userId}`),
        afterFailure: (userId) => void seen.push(`failure ${userId}`),
        beforeSession: (userId) => void seen.push(`session ${userId}`),
      };
      const identifier = { type: 'm.id.user', user: 'Limited' };
      const base = { identifier, deviceId: undefined, deviceDisplayName: undefined };
      await assert.rejects(logIn(opened.accounts, { ...base, password: 'wrong' }, limits));
      await logIn(opened.accounts, { ...base, password: 'secret' }, limits);
      const key = '@limited:example.org';
      assert.deepEqual(seen, [
        `attempt ${key}`,
        `failure ${key}`,
        `attempt ${key}`,
        `session ${key}`,
      ]);
    });

    it('ends the earlier token of a device that logs in again', async () => {
      await register('again');
      const device = { deviceId: 'LAPTOP', deviceDisplayName: 'A laptop' };
      const first = await login('again', device);
      await ownerOf(first);
      const second = await login('again', { ...device, deviceDisplayName: 'Renamed' });
      await assertEnded(first);
      const owner = await ownerOf(second);
      const devices = await listDevices(opened.accounts, owner.userNid);
      assert.deepEqual(
        devices.map(({ deviceId, displayName }) => [deviceId, displayName]),
        [['LAPTOP', 'A laptop']],
      );
    });

    it('ends a session and its device with the answer of the logout', async () => {
      await register('leaving');
      const [left, stays] = [await login('leaving'), await login('leaving')];
      const owner = await ownerOf(left);
      await ownerOf(stays);
      await logOut(opened.accounts, owner);
      assert.equal(opened.accounts.tokens.cached(left.accessToken), undefined);
      await assertEnded(left);
      await ownerOf(stays);
      const devices = await listDevices(opened.accounts, owner.userNid);
      assert.deepEqual(
        devices.map(({ deviceId }) => deviceId),
        [stays.deviceId],
      );
    });

    it('keeps no owner that was read before a logout and arrives after it', async () => {
      await register('racing');
      const session = await login('racing');
      const owner = await ownerOf(session);
      const { accounts, database: storage } = opened;
      const { promise: released, resolve: release } = Promise.withResolvers<void>();
      const slowReader: Reader = {
        all: (of, ...params) => storage.reader.all(of, ...params),
        async get(of, ...params) {
          const row = await storage.reader.get(of, ...params);
          await released;
          return row;
        },
      };
      const slow = { reader: slowReader, onCommit: storage.onCommit.bind(storage) };
      const cache = new TokenCache(slow, accounts.names, 10);
      const loading = cache.load(session.accessToken);
      await logOut(accounts, owner);
      release();
      await loading;
      assert.equal(cache.cached(session.accessToken), undefined);
      assert.equal(await cache.load(session.accessToken), undefined);
    });

    it('ends all sessions of one user and of nobody else', async () => {
      await register('everywhere');
      await register('bystander');
      const [first, second, other] = [
        await login('everywhere'),
        await login('everywhere'),
        await login('bystander'),
      ];
      const owner = await ownerOf(first);
      await ownerOf(second);
      await logOutEverywhere(opened.accounts, owner.userNid);
      await assertEnded(first);
      await assertEnded(second);
      await ownerOf(other);
      assert.deepEqual(await listDevices(opened.accounts, owner.userNid), []);
    });

    it('deletes only devices of the user, with their tokens', async () => {
      await register('owner');
      await register('stranger');
      const [mine, kept] = [await login('owner', { deviceId: 'D1' }), await login('owner')];
      const theirs = await login('stranger', { deviceId: 'D1' });
      const [owner, stranger] = [await ownerOf(mine), await ownerOf(theirs)];
      await deleteDevices(opened.accounts, owner.userNid, ['D1', 'D1', 'UNKNOWN']);
      await assertEnded(mine);
      await ownerOf(kept);
      assert.equal((await ownerOf(theirs)).deviceNid, stranger.deviceNid);
    });

    it('renames devices within bounds', async () => {
      await register('renamer');
      const { userNid } = await ownerOf(await login('renamer', { deviceId: 'D' }));
      await renameDevice(opened.accounts, userNid, 'D', 'ünusual \0 name');
      await renameDevice(opened.accounts, userNid, 'D', undefined);
      const [device] = await listDevices(opened.accounts, userNid);
      assert.equal(device?.displayName, 'ünusual \0 name');
      const long = renameDevice(opened.accounts, userNid, 'D', 'x'.repeat(101));
      await assert.rejects(long, { status: 400, errcode: 'M_TOO_LARGE' });
      const absent = renameDevice(opened.accounts, userNid, 'OTHER', 'x');
      await assert.rejects(absent, { status: 404, errcode: 'M_NOT_FOUND' });
    });

    it('cuts the name of a new device short, and refuses an ID that is too long', async () => {
      await register('wordy');
      const session = await login('wordy', { deviceId: '', deviceDisplayName: 'x'.repeat(200) });
      assert.match(session.deviceId, /^[A-Z]{10}$/);
      const [device] = await listDevices(opened.accounts, (await ownerOf(session)).userNid);
      assert.equal(device?.displayName?.length, 100);
      const long = login('wordy', { deviceId: '\0'.repeat(513) });
      await assert.rejects(long, { status: 400, errcode: 'M_INVALID_PARAM' });
      assert.equal((await login('wordy', { deviceId: '\0'.repeat(512) })).deviceId.length, 512);
    });

    it('changes a password, and ends the other sessions if asked to', async () => {
      await register('changing');
      const [current, other] = [await login('changing'), await login('changing')];
      const owner = await ownerOf(current);
      await ownerOf(other);
      await changePassword(opened.accounts, owner, 'new secret', false);
      await ownerOf(other);
      await assert.rejects(login('changing'), { errcode: 'M_FORBIDDEN' });
      await login('changing', { password: 'new secret' });
      await changePassword(opened.accounts, owner, 'newer secret', true);
      await assertEnded(other);
      await ownerOf(current);
      const devices = await listDevices(opened.accounts, owner.userNid);
      assert.deepEqual(
        devices.map(({ deviceId }) => deviceId),
        [current.deviceId],
      );
    });

    it('starts no session with a password that is changed while it is checked', async () => {
      await register('hurried');
      const { userNid } = await ownerOf(await login('hurried'));
      const changesFirst: LoginLimits = {
        ...noLimits,
        beforeSession() {
          const statements = [setPasswordStatement(userNid, 'another hash')];
          opened.database.submit({ statements, positions: 0 });
        },
      };
      const identifier = { type: 'm.id.user', user: 'hurried' };
      const request = { identifier, password: 'secret', deviceId: 'LATE', deviceDisplayName: 'x' };
      const refused = logIn(opened.accounts, request, changesFirst);
      await assert.rejects(refused, { status: 403, errcode: 'M_FORBIDDEN' });
      assert.equal((await listDevices(opened.accounts, userNid)).length, 1);
    });

    it('shows what an account may at the very next request', async () => {
      await register('watched');
      const session = await login('watched');
      assert.equal((await ownerOf(session)).isLocked, false);
      const account = await findAccount(opened.accounts, session.userId);
      assert.ok(account !== undefined);
      await setAccountFlags(opened.accounts, account, { isLocked: true, isSuspended: true });
      const owner = await ownerOf(session);
      assert.equal(owner.isLocked, true);
      assert.equal(owner.isSuspended, true);
      await assert.rejects(login('watched'), { status: 401, errcode: 'M_USER_LOCKED' });
      await assert.rejects(login('watched', { password: 'wrong' }), { errcode: 'M_FORBIDDEN' });
      await setAccountFlags(opened.accounts, account, { isDeactivated: true });
      await assertEnded(session);
      await assert.rejects(login('watched'), { status: 403, errcode: 'M_USER_DEACTIVATED' });
    });

    it('shows when a device was last seen at once, and keeps it over a restart', async () => {
      await register('seen');
      const session = await login('seen');
      opened.clock.nowMs += 60_000;
      const { userNid } = await ownerOf(session);
      const place = { ip: '192.0.2.1', userAgent: 'a client' };
      const expected = { tsMs: opened.clock.nowMs, place };
      const [inMemory] = await listDevices(opened.accounts, userNid);
      assert.deepEqual(inMemory?.lastSeen, expected);
      await opened.close();
      opened = await openAccountsUnderTest(database.config);
      const [written] = await listDevices(opened.accounts, userNid);
      assert.deepEqual(written?.lastSeen, expected);
    });
  });
}
