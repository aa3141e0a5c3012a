import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';

import { SignJWT } from 'jose';

import { testEngines } from '../../../../../tests/harness/engines.ts';
import { openAccountsUnderTest } from '../../accounts/accounts-under-test.ts';
import { listDevices } from '../../accounts/list-devices.ts';
import { issueLoginToken, logInWithToken } from '../../accounts/login-token.ts';
import { registerAccount } from '../../accounts/register-account.ts';
import { MatrixError } from '../../errors/matrix-error.ts';
import { createLogger } from '../../telemetry/logger.ts';
import { insertExternalIdStatement } from '../external-id-store.ts';
import { SignInSeal } from '../sign-in-seal.ts';
import { SignInSessions } from '../sign-in-sessions.ts';
import { backChannelLogout } from './back-channel-logout.ts';
import { kid, startProvider } from './provider-under-test.ts';

const EVENT = 'http://schemas.openid.net/event/backchannel-logout';
const played = await startProvider();
after(() => played.close());

const nowS = (): number => Math.floor(Date.now() / 1000);
const sound = (): Record<string, unknown> => ({
  iss: played.issuer,
  aud: 'soma',
  iat: nowS(),
  sid: 'one',
  sub: 'anna',
  events: { [EVENT]: {} },
});

const sign = (claims: Record<string, unknown>) =>
  new SignJWT(claims).setProtectedHeader({ alg: 'RS256', kid }).sign(played.key);

async function setUp(databaseSection: object, options: Readonly<Record<string, unknown>> = {}) {
  const { accounts, config, close } = await openAccountsUnderTest(databaseSection);
  const provider = played.open({ backchannel_logout_enabled: true, ...options });
  const sso = {
    accounts,
    config: config.singleSignOn,
    logger: createLogger({ level: 'silent' }).logger,
    providers: new Map([[provider.id, provider]]),
    seal: new SignInSeal(accounts.now),
    sessions: new SignInSessions(accounts.now),
    baseUrl: 'https://example.org/',
    trustedClients: [],
    requiresConsent: false,
    welcome: async () => {},
    fetchPicture: async () => undefined,
    propagateProfile: async () => {},
  };
  const authProvider = provider.id;
  const nids = new Map<string, number>();
  for (const name of ['anna', 'bert']) {
    await registerAccount(accounts, {
      username: name,
      password: undefined,
      session: undefined,
      alongside: {
        guards: [],
        statements(userNid) {
          nids.set(name, userNid);
          return [insertExternalIdStatement({ authProvider, externalId: name }, userNid)];
        },
      },
    });
  }
  const logIn = async (name: string, providerSessionId: string | undefined, deviceId: string) => {
    const origin = { authProvider, providerSessionId, extraAttributes: {} };
    const token = await issueLoginToken(accounts, nids.get(name) ?? 0, 1000, origin);
    const session = { deviceId, deviceDisplayName: undefined };
    await logInWithToken(accounts, token, session, { beforeSession: () => {} });
  };
  const devicesOf = async (name: string) =>
    (await listDevices(accounts, nids.get(name) ?? 0)).map(({ deviceId }) => deviceId);
  const logOut = async (claims: Record<string, unknown>) => {
    try {
      await backChannelLogout(sso, await sign(claims));
      return 'done';
    } catch (error) {
      if (!(error instanceof MatrixError)) throw error;
      return `${error.status}`;
    }
  };
  return { logIn, devicesOf, logOut, close };
}

for (const engine of testEngines()) {
  describe(`back-channel logout (${engine.name})`, () => {
    test('ends the session that is named, and no other', async () => {
      const database = await engine.createDatabase();
      const { logIn, devicesOf, logOut, close } = await setUp(database.config);
      await logIn('anna', 'one', 'A1');
      await logIn('anna', 'two', 'A2');
      await logIn('anna', undefined, 'A3');
      // A session ID that two users share is of the one that is named.
      await logIn('bert', 'one', 'B1');
      assert.equal(await logOut(sound()), 'done');
      assert.deepEqual(await devicesOf('anna'), ['A2', 'A3']);
      assert.deepEqual(await devicesOf('bert'), ['B1']);
      assert.equal(await logOut({ ...sound(), sid: undefined }), 'done');
      assert.deepEqual(await devicesOf('anna'), []);
      assert.deepEqual(await devicesOf('bert'), ['B1']);
      assert.equal(await logOut({ ...sound(), sub: 'somebody unknown', sid: undefined }), 'done');
      assert.deepEqual(await devicesOf('bert'), ['B1']);
      await close();
      await database.drop();
    });

    test('refuses what is no logout token, or is for another', async () => {
      const database = await engine.createDatabase();
      const { logIn, devicesOf, logOut, close } = await setUp(database.config);
      await logIn('anna', 'one', 'A1');
      for (const change of [
        { events: undefined },
        { events: {} },
        { events: EVENT },
        { nonce: 'x' },
        { sid: undefined, sub: undefined },
        { iat: undefined },
        { iat: nowS() - 3600 },
        { exp: nowS() - 600 },
        { aud: 'somebody-else' },
        { iss: 'https://evil.example.org' },
      ]) {
        assert.equal(await logOut({ ...sound(), ...change }), '400', JSON.stringify(change));
      }
      assert.deepEqual(await devicesOf('anna'), ['A1']);
      await close();
      await database.drop();
    });

    test('goes by the options of the operator', async () => {
      const database = await engine.createDatabase();
      const without = await setUp(database.config, { backchannel_logout_enabled: false });
      assert.equal(await without.logOut(sound()), '400');
      await without.close();
      await database.drop();
      const other = await engine.createDatabase();
      const ignoring = await setUp(other.config, { backchannel_logout_ignore_sub: true });
      await ignoring.logIn('anna', 'one', 'A1');
      assert.equal(await ignoring.logOut({ ...sound(), sub: 'bert' }), 'done');
      assert.deepEqual(await ignoring.devicesOf('anna'), []);
      await ignoring.close();
      await other.drop();
    });
  });
}
