import type { Pdu, PushEvent } from '@soma/protocol';

/** An event as push rules see it. */
export function toPushEvent(
  { type, sender, content, state_key: stateKey }: Omit<Pdu, 'signatures' | 'hashes'>,
  roomId: string,
): PushEvent {
  if (stateKey === undefined) return { type, sender, content, room_id: roomId };
  return { type, sender, content, room_id: roomId, state_key: stateKey };
}
