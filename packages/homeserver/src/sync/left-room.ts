import { isJsonObject, matchesEvent } from '@soma/protocol';
import type { JsonObject, JsonValue } from '@soma/protocol';

import { invitePermission } from '../membership/invite-permission.ts';
import { readStrippedState } from '../membership/membership-store.ts';
import type { MembershipRecord } from '../membership/membership-store.ts';
import { readEvent } from '../rooms/event-store.ts';
import { readDeparture } from '../rooms/room-access.ts';
import type { RoomQuestion } from './joined-room.ts';
import { readMemberEvent } from './member-event.ts';
import { readRoomState, stateJson } from './room-state.ts';
import { readTimeline, timelineJson } from './room-timeline.ts';
import type { SyncPass } from './sync-context.ts';

/** A room that the user has left or was removed from: what happened up to then. */
export async function readLeftRoom(
  pass: SyncPass,
  question: RoomQuestion,
  record: MembershipRecord,
): Promise<JsonObject> {
  const { roomNid, version } = question;
  const timeline = await readTimeline(pass, roomNid, pass.since, record.position);
  const departure = await departureOrder(pass, record);
  const state =
    departure === undefined || departure <= pass.since
      ? []
      : await readRoomState(pass, {
          roomNid,
          version,
          timeline,
          since: pass.fullState ? undefined : question.since,
          upTo: departure,
          memberIds: timeline.events.map(({ event }) => event.pdu.sender),
        });
  const accountData = question.accountData.filter((event) =>
    matchesEvent(pass.filter.room.accountData, event),
  );
  return {
    timeline: timelineJson(timeline, pass.form),
    [pass.useStateAfter || 'state']: stateJson(pass, state, pass.form),
    account_data: { events: accountData.map(({ type, content }) => ({ type, content })) },
  };
}

/** When the user ceased to be joined: state from after that is not theirs to see. */
async function departureOrder(
  { context, reader, viewer }: SyncPass,
  record: MembershipRecord,
): Promise<number | undefined> {
  const member = await readEvent(reader, record.eventNid);
  if (member === undefined) return undefined;
  const departure = await readDeparture(context.rooms, reader, member, viewer.userId);
  return departure?.event_order ?? undefined;
}

/**
 * What someone invited or knocking sees: the stripped state and the own member event. Undefined for an invitation
 * by somebody whom the user ignores, or from whom the user wants none.
 */
export async function readStrippedRoom(
  pass: SyncPass,
  record: MembershipRecord,
): Promise<JsonValue[] | undefined> {
  const text = await readStrippedState(pass.reader, record.userNid, record.roomNid);
  const stripped: unknown = text === undefined ? [] : JSON.parse(text);
  const events: JsonValue[] = Array.isArray(stripped) ? stripped : [];
  const event = await readMemberEvent(pass, record);
  if (event === undefined) return events;
  const { type, state_key: stateKey = '', sender, content } = event.pdu;
  const ignored = await pass.context.rooms.ignoredBy(record.userNid);
  if (record.membership === 'invite') {
    if (ignored.has(sender)) return undefined;
    if ((await invitePermission(pass.reader, record.userNid, sender)) !== 'allow') return undefined;
  }
  // Whoever knocks stands in the stripped state as well.
  const others = events.filter((each) => !isMemberEvent(each, stateKey));
  return [
    ...others,
    {
      type,
      state_key: stateKey,
      sender,
      content,
      event_id: event.eventId,
      origin_server_ts: event.pdu.origin_server_ts,
    },
  ];
}

function isMemberEvent(event: JsonValue, stateKey: JsonValue): boolean {
  return (
    isJsonObject(event) && event['type'] === 'm.room.member' && event['state_key'] === stateKey
  );
}
