import { createPrivateKey, hash, sign } from 'node:crypto';

import { authorise, buildEvent, roomVersion } from '@soma/protocol';
import type { AuthEvent, EventCrypto } from '@soma/protocol';

// The package does no cryptography: it is handed in. This key is the one of the spec's test vectors.
const seed = Buffer.from('YJDBA9Xnr2sVqXD9Vj7XVUnmFZcZrlw8Md7kMW+3XA1', 'base64');
const header = Buffer.from('302e020100300506032b657004220420', 'hex');
const key = createPrivateKey({ key: Buffer.concat([header, seed]), format: 'der', type: 'pkcs8' });
const crypto: EventCrypto = {
  serverName: 'example.org',
  keyId: 'ed25519:1',
  sha256: (text) => hash('sha256', text, 'base64'),
  sign: (text) => sign(null, Buffer.from(text), key).toString('base64').replaceAll('=', ''),
};

const version = roomVersion('12');
if (version === undefined) throw new Error('no such room version');

// A room of version 12 is named by its create event.
const create = buildEvent(
  {
    roomVersion: version,
    type: 'm.room.create',
    state_key: '',
    sender: '@alice:example.org',
    content: { room_version: '12' },
    prev_events: [],
    auth_events: [],
    depth: 1,
    origin_server_ts: 1_700_000_000_000,
  },
  crypto,
);
if (!create.ok) throw new Error(create.problem.reason);

const state = new Map<string, AuthEvent>([
  ['m.room.create', { ...create.pdu, eventId: create.eventId }],
]);
const verdictOn = (sender: string) =>
  authorise(
    {
      eventId: '$not-built-yet',
      type: 'm.room.member',
      state_key: sender,
      sender,
      room_id: create.roomId,
      content: { membership: 'join' },
      prev_events: [create.eventId],
    },
    { get: (type) => state.get(type) },
    version,
  );

/** What the README says comes out. */
export const result = {
  eventId: create.eventId,
  roomId: create.roomId,
  alice: verdictOn('@alice:example.org'),
  bob: verdictOn('@bob:example.org'),
};
