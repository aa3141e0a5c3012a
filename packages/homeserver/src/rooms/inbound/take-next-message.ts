import { authEventIds, authorise, prevEventIds } from '@soma/protocol';
import type { AuthEvent } from '@soma/protocol';

import type { Submitted } from '../../storage/change.ts';
import { placeOnHead } from '../event-place.ts';
import { readEventNid } from '../event-store.ts';
import { isServerInRoom, newEventGuard } from '../graph-store.ts';
import type { HeadEntry } from '../head-entry.ts';
import type { Extremity, RoomHead } from '../room-head.ts';
import { runBody } from '../room-write.ts';
import { keysThatAuthorise } from './auth-state.ts';
import type { CheckedPdu } from './check-pdu.ts';
import type { InboundContext } from './inbound-context.ts';
import { internEvent } from './intern-event.ts';
import { judgeByAuthEvents } from './judge-event.ts';
import type { PlacedEvent } from './room-intake.ts';

/** A checked event and the server that sent it. */
export interface NextMessage {
  readonly origin: string;
  readonly roomNid: number;
  readonly checked: CheckedPdu;
}

/** A message that has its place, as far as its change is committed. */
export interface TakenMessage {
  readonly event: PlacedEvent;
  readonly submitted: Submitted;
}

/** The snapshot that is all committed, of heads on which nothing but messages is being written. */
const committedStates = new WeakMap<RoomHead, number>();

/**
 * Takes in a message that stands on the room's only end, is authorised by the current state, and refers to nothing else:
 * the usual case. It need not wait for the commits of the messages before it, since all that judges it is in the head,
 * and in the database already. Undefined where it takes another way, or is not to be accepted; nothing is written then.
 */
export async function takeNextMessage(
  context: InboundContext,
  message: NextMessage,
): Promise<TakenMessage | undefined> {
  const { rooms } = context;
  const { roomNid, checked } = message;
  if (!isPlainMessage(checked)) return undefined;
  return rooms.heads.run(roomNid, async (head) => {
    // What is judged by a state that is known in part is marked so, and judged again.
    if (head === undefined || head.partial !== undefined) return undefined;
    if (!(await isStateCommitted(context, head)) || (await hasPolicy(head))) return undefined;
    const parent = onlyParent(head, checked);
    const isLetIn = await rooms.acls.allowsAtHead(head, message.origin);
    if (parent === undefined || !isLetIn) return undefined;
    const authEventNids = await authorisedBy(context, head, checked);
    if (authEventNids === undefined) return undefined;
    // What is known by its ID already may have come, or be referred to.
    if ((await readEventNid(rooms.database.reader, checked.eventId)) !== undefined)
      return undefined;
    const eventNid = await rooms.eventNids.next();
    const parents = { prevEventNids: [parent.eventNid], authEventNids };
    const event = await internEvent(rooms, roomNid, checked, eventNid, parents);
    const place = placeOnHead(head, event, undefined, rooms.database.snapshotKey);
    const { submitted } = await runBody(rooms, head, async (write) => {
      await write.take({ event, verdict: { kind: 'accepted' }, place });
      write.guard(newEventGuard('event is unchanged', checked.eventId));
    });
    const { stateBefore } = place;
    const placed = { eventId: checked.eventId, eventNid, roomNid, stateBefore, position: 0 };
    return submitted === undefined ? undefined : { event: placed, submitted };
  });
}

/** State, redactions and relations are about what may be on its way to the disk. */
function isPlainMessage({ pdu: { type, state_key: stateKey, content } }: CheckedPdu): boolean {
  const relates = content['m.relates_to'] !== undefined;
  return stateKey === undefined && type !== 'm.room.redaction' && !relates;
}

/** Whether a policy server may have a say. */
async function hasPolicy(head: RoomHead): Promise<boolean> {
  await head.load([['m.room.policy', '']]);
  return head.get('m.room.policy', '') !== undefined;
}

/** Whether reads of the current state find the one of the head, in a room that this server is in. */
async function isStateCommitted({ rooms }: InboundContext, head: RoomHead): Promise<boolean> {
  if (head.changesInFlight > 0) return committedStates.get(head) === head.snapshot.nid;
  if (!(await isServerInRoom(rooms.database.reader, head.roomNid))) return false;
  committedStates.set(head, head.snapshot.nid);
  return true;
}

function onlyParent(head: RoomHead, { pdu }: CheckedPdu): Extremity | undefined {
  const [end, ...others] = head.extremities;
  const isParent =
    end !== undefined &&
    others.length === 0 &&
    end.stateAfter === head.snapshot.nid &&
    prevEventIds(pdu).every((id) => id === end.eventId);
  return isParent ? end : undefined;
}

/** The nids of its auth events where these are all of the current state, and they and that allow the event. */
async function authorisedBy(
  { rooms: { verify } }: InboundContext,
  head: RoomHead,
  { pdu, eventId }: CheckedPdu,
): Promise<number[] | undefined> {
  const keys = keysThatAuthorise(pdu, head.version);
  await head.load(keys);
  const current = new Map<string, HeadEntry>();
  for (const [type, stateKey] of keys) {
    const entry = head.get(type, stateKey);
    if (entry !== undefined) current.set(entry.event.eventId, entry);
  }
  const listed: AuthEvent[] = [];
  const nids: number[] = [];
  for (const id of new Set(authEventIds(pdu))) {
    const entry = current.get(id);
    if (entry === undefined) return undefined;
    listed.push({ ...entry.event, room_id: head.roomId });
    nids.push(entry.eventNid);
  }
  const event = { ...pdu, eventId };
  const create = head.get('m.room.create', '')?.event;
  if (judgeByAuthEvents({ verify }, head, event, listed, create) !== undefined) return undefined;
  const state = { get: (type: string, key: string) => head.get(type, key)?.event };
  return authorise(event, state, head.version, { verify }).allowed ? nids : undefined;
}
