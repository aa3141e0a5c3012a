import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { EventType, Preset, type MatrixClient } from 'matrix-js-sdk';
import {
  CryptoEvent,
  type GeneratedSecretStorageKey,
  type VerificationRequest,
} from 'matrix-js-sdk/lib/crypto-api/index.js';

import { testEngines, type TestEngine } from '../harness/engines.ts';
import { startHomeserver, type TestHomeserver } from '../harness/homeserver-process.ts';
import { valueAt } from '../harness/json-path.ts';
import { confirmEmoji, cryptoOf, expectText, when } from './crypto-client.ts';
import { openCryptoClient, type SdkClient } from './sdk-client.ts';

/** Two people with two devices each, and what Alice can open her secrets with. */
interface World {
  readonly server: TestHomeserver;
  readonly alice: SdkClient;
  readonly aliceElsewhere: SdkClient;
  readonly bob: SdkClient;
  readonly bobElsewhere: SdkClient;
  /** Alice on one device more. */
  logInAlice(): Promise<SdkClient>;
  recoveryKey: GeneratedSecretStorageKey | undefined;
}

const scenarios: Readonly<Record<string, (world: World) => Promise<void>>> = {
  'an encrypted conversation is read on all devices, and by nobody else': converse,
  'a user signs the own devices': signDevices,
  'two devices verify one another by emoji': verifyByEmoji,
  'a fresh login restores keys from the backup': restoreBackup,
  'a dehydrated device receives keys while all others are offline': rehydrate,
};

function declare(engine: TestEngine): void {
  let world: World;
  const opened: SdkClient[] = [];
  before(async () => {
    const server = await startHomeserver({ engine });
    const open = async (name: string, isNew: boolean): Promise<SdkClient> => {
      const client = await openCryptoClient(server, name, isNew, {
        getSecretStorageKey: async ({ keys }) => {
          const [id] = Object.keys(keys);
          const key = world.recoveryKey?.privateKey;
          return id === undefined || key === undefined ? null : [id, key];
        },
      });
      opened.push(client);
      return client;
    };
    world = {
      server,
      alice: await open('alice', true),
      bob: await open('bob', true),
      aliceElsewhere: await open('alice', false),
      bobElsewhere: await open('bob', false),
      logInAlice: () => open('alice', false),
      recoveryKey: undefined,
    };
  });
  after(async () => {
    for (const each of opened) each.close();
    await world.server.dispose();
  });
  for (const [title, scenario] of Object.entries(scenarios)) test(title, () => scenario(world));
}

async function shareRoom({ alice, bob }: World): Promise<string> {
  const { room_id: roomId } = await alice.client.createRoom({
    preset: Preset.PublicChat,
    initial_state: [
      {
        type: EventType.RoomEncryption,
        state_key: '',
        content: { algorithm: 'm.megolm.v1.aes-sha2' },
      },
    ],
  });
  await bob.client.joinRoom(roomId);
  const atAlice = await alice.roomAs(roomId, 'join');
  await alice.until(() => atAlice.getMember(bob.userId)?.membership === 'join');
  await bob.roomAs(roomId, 'join');
  return roomId;
}

async function converse(world: World): Promise<void> {
  const { alice, aliceElsewhere, bob, bobElsewhere } = world;
  const roomId = await shareRoom(world);
  for (const [sender, text] of [
    [alice, 'a secret'],
    [bob, 'another'],
  ] as const) {
    const { event_id: eventId } = await sender.client.sendTextMessage(roomId, text);
    for (const reader of [alice, aliceElsewhere, bob, bobElsewhere]) {
      await expectText(reader, roomId, eventId, text);
    }
    const raw = await alice.client.fetchRoomEvent(roomId, eventId);
    assert.equal(raw.type, 'm.room.encrypted');
    assert.ok(!JSON.stringify(raw).includes(text));
  }
}

async function signDevices({ alice, bob }: World): Promise<void> {
  for (const user of [alice, bob]) {
    await cryptoOf(user).bootstrapCrossSigning({
      authUploadDeviceSigningKeys: (upload) => upload(null),
    });
    assert.equal(await cryptoOf(user).isCrossSigningReady(), true);
  }
  const deviceId = alice.client.getDeviceId() ?? '';
  await when(async () => {
    const status = await cryptoOf(bob).getDeviceVerificationStatus(alice.userId, deviceId);
    return status?.signedByOwner === true;
  });
}

async function verifyByEmoji({ alice, aliceElsewhere }: World): Promise<void> {
  const received = new Promise<VerificationRequest>((resolve) => {
    alice.client.once(CryptoEvent.VerificationRequestReceived, resolve);
  });
  await when(() => cryptoOf(aliceElsewhere).userHasCrossSigningKeys());
  const requested = await cryptoOf(aliceElsewhere).requestOwnUserVerification();
  const request = await received;
  await confirmEmoji(requested, request);
  const deviceId = aliceElsewhere.client.getDeviceId() ?? '';
  await when(async () => {
    const status = await cryptoOf(alice).getDeviceVerificationStatus(alice.userId, deviceId);
    return status?.crossSigningVerified === true;
  });
  await when(() => cryptoOf(aliceElsewhere).isCrossSigningReady());
}

async function restoreBackup(world: World): Promise<void> {
  const { alice } = world;
  const roomId = await shareRoom(world);
  const { event_id: eventId } = await alice.client.sendTextMessage(roomId, 'from before');
  const key = await cryptoOf(alice).createRecoveryKeyFromPassphrase();
  world.recoveryKey = key;
  await cryptoOf(alice).bootstrapSecretStorage({
    createSecretStorageKey: async () => key,
    setupNewSecretStorage: true,
    setupNewKeyBackup: true,
  });
  await when(() => isBackedUp(alice.client, roomId));
  const fresh = await world.logInAlice();
  await cryptoOf(fresh).loadSessionBackupPrivateKeyFromSecretStorage();
  const { imported } = await cryptoOf(fresh).restoreKeyBackup();
  assert.ok(imported > 0);
  await expectText(fresh, roomId, eventId, 'from before');
  fresh.close();
}

async function isBackedUp(client: MatrixClient, roomId: string): Promise<boolean> {
  const version = await client.getCrypto()?.getActiveSessionBackupVersion();
  if (version === undefined || version === null) return false;
  const keys: unknown = await client.http.authedRequest(
    'GET' as never,
    `/room_keys/keys/${encodeURIComponent(roomId)}`,
    { version },
  );
  return Object.keys(Object(valueAt(keys, 'sessions'))).length > 0;
}

async function rehydrate(world: World): Promise<void> {
  const { alice, aliceElsewhere, bob } = world;
  const roomId = await shareRoom(world);
  assert.equal(await cryptoOf(alice).isDehydrationSupported(), true);
  const devicesKnownToBob = async (): Promise<number> => {
    const known = await cryptoOf(bob).getUserDeviceInfo([alice.userId]);
    return known.get(alice.userId)?.size ?? 0;
  };
  const knownFirst = await devicesKnownToBob();
  await cryptoOf(alice).startDehydration();
  // Until Bob's sync has told him of it, he encrypts for the others alone.
  await when(async () => (await devicesKnownToBob()) > knownFirst);
  alice.close();
  aliceElsewhere.close();
  const { event_id: eventId } = await bob.client.sendTextMessage(roomId, 'are you there?');
  const fresh = await world.logInAlice();
  await when(() => cryptoOf(fresh).userHasCrossSigningKeys(fresh.userId, true));
  await cryptoOf(fresh).bootstrapCrossSigning({});
  await cryptoOf(fresh).startDehydration();
  await expectText(fresh, roomId, eventId, 'are you there?');
}

for (const engine of testEngines()) {
  describe(`matrix-js-sdk, encrypted (${engine.name})`, { timeout: 120_000 }, () =>
    declare(engine),
  );
}
