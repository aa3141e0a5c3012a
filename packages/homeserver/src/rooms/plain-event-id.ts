import { parseEventId } from '@soma/protocol';

/** Printable ASCII: what is looked up as it is, in both engines. */
const PLAIN = /^[\u0021-\u007e]+$/;

/** Whether a text is an event ID that this server keeps: from room version 3 on any text may stand in its place. */
export function isPlainEventId(id: string | undefined): id is string {
  return id !== undefined && PLAIN.test(id) && parseEventId(id) !== undefined;
}
