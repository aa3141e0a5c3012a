import type { JsonObject } from '@soma/protocol';

const makers: readonly ((index: number) => JsonObject)[] = [
  (index) => ({
    type: 'm.room.message',
    content: {
      msgtype: 'm.text',
      body: `Message ${index}: the meeting moves to Thursday, 10 o’clock.`,
    },
  }),
  (index) => ({
    type: 'm.room.member',
    state_key: `@user${index}:example.org`,
    content: {
      membership: 'join',
      displayname: `User ${index}`,
      avatar_url: `mxc://example.org/avatar${index}`,
    },
  }),
  (index) => ({
    type: 'm.reaction',
    content: { 'm.relates_to': { rel_type: 'm.annotation', event_id: idOf(index + 1), key: '👍' } },
  }),
  (index) => ({
    type: 'm.room.encrypted',
    content: {
      algorithm: 'm.megolm.v1.aes-sha2',
      ciphertext: `AwgA${idOf(index).slice(1).repeat(6)}`,
      session_id: idOf(index + 2).slice(1),
      sender_key: idOf(index + 3).slice(1),
      device_id: 'ABCDEFGHIJ',
    },
  }),
];

/** Events as a server holds them: parsed PDUs, with hashes and a signature of the usual length. */
export function sampleEvents(count: number): JsonObject[] {
  return Array.from({ length: count }, (_, index) => {
    const event: JsonObject = {
      auth_events: [idOf(index), idOf(index + 1), idOf(index + 2)],
      prev_events: [idOf(index + 3)],
      ...makers[index % makers.length]?.(index),
      depth: index + 1,
      hashes: { sha256: idOf(index + 4).slice(1) },
      origin_server_ts: 1_700_000_000_000 + index,
      room_id: '!room:example.org',
      sender: `@user${index % 10}:example.org`,
      signatures: { 'example.org': { 'ed25519:1': idOf(index).slice(1).repeat(2) } },
      unsigned: {},
    };
    const entries = Object.entries(event);
    const ordered = index % 8 < 4 ? entries.toSorted(([a], [b]) => (a < b ? -1 : 1)) : entries;
    const parsed: JsonObject = JSON.parse(JSON.stringify(Object.fromEntries(ordered)));
    return parsed;
  });
}

// Of the form of an event ID, and another one for each number.
function idOf(number: number): string {
  return `$${number.toString(36).padStart(8, 'x')}NaO2Ot9nDS1G-rmVcGz0DYMPzG6cT01UTC3`;
}
