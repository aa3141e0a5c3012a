import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import {
  EventType,
  MsgType,
  Preset,
  ReceiptType,
  RelationType,
  RoomMemberEvent,
  type MatrixEvent,
  type Room,
  type RoomMember,
} from 'matrix-js-sdk';
import { CryptoEvent, type VerificationRequest } from 'matrix-js-sdk/lib/crypto-api/index.js';

import { testEngines, type TestEngine } from '../harness/engines.ts';
import {
  startFederation,
  type FederatedServer,
  type TestFederation,
} from '../harness/federation.ts';
import { confirmEmoji, cryptoOf, expectText, when } from './crypto-client.ts';
import { openCryptoClient, type SdkClient } from './sdk-client.ts';

/** A user on each of three servers; the first two have an encrypted room. */
interface World {
  readonly alice: SdkClient;
  readonly bob: SdkClient;
  readonly carol: SdkClient;
  /** Bob on one device more. */
  logInBob(): Promise<SdkClient>;
  roomId: string;
}

const scenarios: Readonly<Record<string, (world: World) => Promise<void>>> = {
  'an invitation to an encrypted room is accepted, and both are read': meet,
  'a new device is seen on the other server, and reads what comes': addDevice,
  'users of two servers verify one another by emoji': verify,
  'typing and receipts arrive': follow,
  'edits, reactions and redactions cross over': change,
  'who left and is invited again reads what comes': comeBack,
  'a third server joins by the alias that the second has given': joinByAlias,
};

function declare(engine: TestEngine): void {
  let federation: TestFederation;
  let world: World;
  const opened: SdkClient[] = [];
  before(async () => {
    federation = await startFederation({ engine, servers: 3 });
    const open = async (server: FederatedServer | undefined, name: string, isNew: boolean) => {
      assert.ok(server !== undefined);
      const client = await openCryptoClient(server, name, isNew);
      opened.push(client);
      return client;
    };
    const [one, two, three] = federation.servers;
    world = {
      alice: await open(one, 'alice', true),
      bob: await open(two, 'bob', true),
      carol: await open(three, 'carol', true),
      logInBob: () => open(two, 'bob', false),
      roomId: '',
    };
  });
  after(async () => {
    for (const each of opened) each.close();
    await federation.dispose();
  });
  for (const [title, scenario] of Object.entries(scenarios)) test(title, () => scenario(world));
}

async function meet(world: World): Promise<void> {
  const { alice, bob } = world;
  const { room_id: roomId } = await alice.client.createRoom({
    preset: Preset.PrivateChat,
    invite: [bob.userId],
    initial_state: [
      {
        type: EventType.RoomEncryption,
        state_key: '',
        content: { algorithm: 'm.megolm.v1.aes-sha2' },
      },
    ],
  });
  world.roomId = roomId;
  await bob.roomAs(roomId, 'invite');
  await bob.client.joinRoom(roomId);
  await areTogether(world);
  await exchange(roomId, alice, [bob], 'from one');
  await exchange(roomId, bob, [alice], 'from two');
  await exchange(roomId, alice, [bob], 'from one again');
}

/** Both know each other as members, so that they give each other their keys. */
async function areTogether({ alice, bob, roomId }: World): Promise<void> {
  const [atAlice, atBob] = [await alice.roomAs(roomId, 'join'), await bob.roomAs(roomId, 'join')];
  await alice.until(() => atAlice.getMember(bob.userId)?.membership === 'join');
  await bob.until(() => atBob.getMember(alice.userId)?.membership === 'join');
}

async function exchange(
  roomId: string,
  sender: SdkClient,
  readers: readonly SdkClient[],
  text: string,
): Promise<string> {
  const { event_id: eventId } = await sender.client.sendTextMessage(roomId, text);
  for (const reader of readers) await expectText(reader, roomId, eventId, text);
  return eventId;
}

async function addDevice(world: World): Promise<void> {
  const { alice, bob, roomId } = world;
  const fresh = await world.logInBob();
  const deviceId = fresh.client.getDeviceId() ?? '';
  await when(async () => {
    const devices = await cryptoOf(alice).getUserDeviceInfo([bob.userId]);
    return devices.get(bob.userId)?.has(deviceId) === true;
  });
  await exchange(roomId, alice, [bob, fresh], 'to both of your devices');
  await exchange(roomId, fresh, [alice, bob], 'from the new one');
  await fresh.client.logout(true);
  await when(async () => {
    const devices = await cryptoOf(alice).getUserDeviceInfo([bob.userId]);
    return devices.get(bob.userId)?.has(deviceId) === false;
  });
}

async function verify({ alice, bob, roomId }: World): Promise<void> {
  for (const user of [alice, bob]) {
    await cryptoOf(user).bootstrapCrossSigning({
      authUploadDeviceSigningKeys: (upload) => upload(null),
    });
  }
  for (const [one, other] of [
    [alice, bob],
    [bob, alice],
  ] as const) {
    await when(() => cryptoOf(one).userHasCrossSigningKeys(other.userId));
  }
  const received = new Promise<VerificationRequest>((resolve) => {
    bob.client.once(CryptoEvent.VerificationRequestReceived, resolve);
  });
  const requested = await cryptoOf(alice).requestVerificationDM(bob.userId, roomId);
  await confirmEmoji(requested, await received);
  for (const [one, other] of [
    [alice, bob],
    [bob, alice],
  ] as const) {
    await when(async () => {
      const status = await cryptoOf(one).getUserVerificationStatus(other.userId);
      return status.isCrossSigningVerified();
    });
  }
  const toDevice = new Promise<VerificationRequest>((resolve) => {
    alice.client.once(CryptoEvent.VerificationRequestReceived, resolve);
  });
  const deviceId = alice.client.getDeviceId() ?? '';
  const asked = await cryptoOf(bob).requestDeviceVerification(alice.userId, deviceId);
  await confirmEmoji(asked, await toDevice);
}

async function follow({ alice, bob, roomId }: World): Promise<void> {
  const typed = new Promise<void>((resolve) => {
    alice.client.on(RoomMemberEvent.Typing, (_event: MatrixEvent, member: RoomMember) => {
      if (member.userId === bob.userId && member.typing) resolve();
    });
  });
  await bob.client.sendTyping(roomId, true, 20_000);
  await typed;
  const eventId = await exchange(roomId, alice, [bob], 'have you read it?');
  const event = await bob.event(roomId, eventId);
  await bob.client.sendReadReceipt(event, ReceiptType.Read);
  const room = await alice.roomAs(roomId, 'join');
  await alice.until(() => room.hasUserReadEvent(bob.userId, eventId));
}

async function change({ alice, bob, roomId }: World): Promise<void> {
  const eventId = await exchange(roomId, alice, [bob], 'a mystake');
  const edit = { msgtype: MsgType.Text, body: 'a mistake' } as const;
  await alice.client.sendMessage(roomId, {
    ...edit,
    body: '* a mistake',
    'm.new_content': edit,
    'm.relates_to': { rel_type: RelationType.Replace, event_id: eventId },
  });
  const atBob = await bob.event(roomId, eventId);
  await when(() => atBob.getContent()['body'] === 'a mistake');
  const { event_id: reactionId } = await bob.client.sendEvent(roomId, EventType.Reaction, {
    'm.relates_to': { rel_type: RelationType.Annotation, event_id: eventId, key: '👍' },
  });
  const room = await alice.roomAs(roomId, 'join');
  await when(() => reactionsTo(room, eventId).includes('👍'));
  await bob.client.redactEvent(roomId, reactionId);
  await when(() => reactionsTo(room, eventId).length === 0);
  await alice.client.redactEvent(roomId, eventId);
  await when(() => atBob.isRedacted());
}

function reactionsTo(room: Room, eventId: string): string[] {
  const sorted = room.relations
    .getChildEventsForEvent(eventId, RelationType.Annotation, EventType.Reaction)
    ?.getSortedAnnotationsByKey();
  return (sorted ?? []).filter(([, events]) => events.size > 0).map(([key]) => key);
}

async function comeBack(world: World): Promise<void> {
  const { alice, bob, roomId } = world;
  await bob.client.leave(roomId);
  const room = await alice.roomAs(roomId, 'join');
  await alice.until(() => room.getMember(bob.userId)?.membership === 'leave');
  await alice.client.sendTextMessage(roomId, 'while you were out');
  await alice.client.invite(roomId, bob.userId);
  await bob.roomAs(roomId, 'invite');
  await bob.client.joinRoom(roomId);
  await areTogether(world);
  await exchange(roomId, alice, [bob], 'welcome back');
  await exchange(roomId, bob, [alice], 'it is good to be back');
}

async function joinByAlias({ alice, bob, carol }: World): Promise<void> {
  const { room_id: roomId } = await alice.client.createRoom({
    preset: Preset.PublicChat,
    invite: [bob.userId],
  });
  await bob.roomAs(roomId, 'invite');
  await bob.client.joinRoom(roomId);
  const alias = `#third:${bob.userId.slice(bob.userId.indexOf(':') + 1)}`;
  await bob.client.createAlias(alias, roomId);
  assert.equal((await carol.client.joinRoom(alias)).roomId, roomId);
  await carol.roomAs(roomId, 'join');
  const everyone = [alice, bob, carol];
  for (const sender of everyone) {
    await exchange(roomId, sender, everyone, `${sender.userId} is here`);
  }
}

for (const engine of testEngines()) {
  describe(`matrix-js-sdk, on several servers (${engine.name})`, { timeout: 120_000 }, () =>
    declare(engine),
  );
}
