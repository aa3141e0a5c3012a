import {
  createRoom,
  inviteUser,
  joinRoom,
  registerUser,
  sendEvent,
  sendText,
  type TestUser,
} from '../../tests/harness/client.ts';

/** A room to look at, and what there is to see. */
export interface SeededRoom {
  readonly name: string;
  readonly roomId: string;
  readonly about: string;
}

export interface Seeded {
  readonly users: readonly TestUser[];
  readonly rooms: readonly SeededRoom[];
}

/** Long enough that clients have to page. */
const lobbyMessages = 60;

/** Registers alice, bob and carol on a new server, and gives them rooms with a history and invitations. */
export async function seed(server: { readonly url: string }): Promise<Seeded> {
  const alice = await registerUser(server, 'alice');
  const bob = await registerUser(server, 'bob');
  const carol = await registerUser(server, 'carol');
  const users = [alice, bob, carol];
  return {
    users,
    rooms: [
      await seedLobby(users),
      await seedTeam(alice, bob),
      await seedInvitation(alice, bob, carol),
      await seedDirectChat(bob, carol),
    ],
  };
}

async function seedLobby(users: readonly TestUser[]): Promise<SeededRoom> {
  const name = 'Lobby';
  const [owner] = users;
  if (owner === undefined) throw new Error('nobody is there to make a room');
  const topic = 'Everybody is here';
  const roomId = await createRoom(owner, { name, topic, preset: 'public_chat' });
  for (const user of users) await joinRoom(user, roomId);
  for (let number = 1; number <= lobbyMessages; number += 1) {
    const sender = users[number % users.length] ?? owner;
    await sendText(sender, roomId, `Message ${number} of ${lobbyMessages}`);
  }
  return { name, roomId, about: `public, all three, ${lobbyMessages} messages` };
}

async function seedTeam(alice: TestUser, bob: TestUser): Promise<SeededRoom> {
  const name = 'Team';
  const roomId = await createRoom(alice, { name });
  await inviteUser(alice, roomId, bob.userId);
  await joinRoom(bob, roomId);
  const type = 'm.room.message';
  const question = await sendText(alice, roomId, 'Where do we meet?');
  await sendEvent(bob, roomId, type, {
    msgtype: 'm.text',
    body: 'At the station',
    'm.relates_to': { 'm.in_reply_to': { event_id: question } },
  });
  await sendEvent(bob, roomId, type, {
    msgtype: 'm.text',
    body: 'I bring the map',
    'm.relates_to': { rel_type: 'm.thread', event_id: question },
  });
  await sendEvent(alice, roomId, type, {
    msgtype: 'm.text',
    body: '* Where and when do we meet?',
    'm.new_content': { msgtype: 'm.text', body: 'Where and when do we meet?' },
    'm.relates_to': { rel_type: 'm.replace', event_id: question },
  });
  await sendEvent(bob, roomId, 'm.reaction', {
    'm.relates_to': { rel_type: 'm.annotation', event_id: question, key: '👍' },
  });
  return { name, roomId, about: 'alice and bob: a reply, a thread, an edit, a reaction' };
}

async function seedInvitation(
  alice: TestUser,
  bob: TestUser,
  carol: TestUser,
): Promise<SeededRoom> {
  const name = 'Planning';
  const roomId = await createRoom(alice, { name });
  await sendText(alice, roomId, 'This was said before you came');
  await inviteUser(alice, roomId, bob.userId);
  await inviteUser(alice, roomId, carol.userId);
  return { name, roomId, about: 'alice; bob and carol are invited' };
}

async function seedDirectChat(bob: TestUser, carol: TestUser): Promise<SeededRoom> {
  const invite = [carol.userId];
  const preset = 'trusted_private_chat';
  const roomId = await createRoom(bob, { invite, preset, is_direct: true });
  await joinRoom(carol, roomId);
  await sendText(bob, roomId, 'Hello carol');
  await sendText(carol, roomId, 'Hello bob');
  return { name: '(no name)', roomId, about: 'a direct chat of bob and carol' };
}
