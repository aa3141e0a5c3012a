import type { CompactState } from '@soma/protocol';

import { readHeroes } from '../../membership/membership-store.ts';
import { readNidsOfOtherTypes } from '../../rooms/edge-store.ts';
import { eventAt } from '../../rooms/inbound/states.ts';
import { readAuthChain } from '../../rooms/read-auth-chain.ts';
import { Turns } from '../../streams/turns.ts';
import { objectText, pduTexts } from '../serving/event-lists.ts';
import type { Serving } from '../serving/serving.ts';
import type { AcceptedMember } from './accept-member.ts';

/** CS API, `m.heroes`: "the first 5 members of the room". */
const HEROES_MAX = 5;
/** State events whose type is looked up at once. */
const EVENTS_AT_ONCE = 1_000;

export interface JoinAnswerOptions {
  /** The joining server takes a room without its members, and learns of them later. */
  readonly omitMembers: boolean;
  /** Those that were in the room before. */
  readonly serversBefore: readonly string[];
}

/**
 * The room as a server needs it that has just joined, as JSON text in parts (SS API, `PUT /send_join`): the state
 * before the join, and what authorises the state and the join.
 */
export async function joinAnswer(
  serving: Serving,
  accepted: AcceptedMember,
  { omitMembers, serversBefore }: JoinAnswerOptions,
): Promise<AsyncIterable<string>> {
  const { rooms, largeAnswers } = serving;
  const { reader } = rooms.database;
  const { event, room } = accepted;
  const { state, authChain } = await largeAnswers.run(async () => {
    const whole = await serving.rooms.states.read(event.stateBefore);
    const shown = omitMembers
      ? await withoutMembers(serving, accepted, whole)
      : [...whole.eventNids];
    const chain = await readAuthChain(reader, [...shown, event.eventNid]);
    if (omitMembers) for (const nid of shown) chain.delete(nid);
    return { state: shown, authChain: chain };
  });
  return objectText(
    {
      origin: JSON.stringify(rooms.serverName),
      event: accepted.json,
      members_omitted: String(omitMembers),
      ...(omitMembers ? { servers_in_room: JSON.stringify(serversBefore) } : {}),
    },
    {
      state: pduTexts(reader, room.version, state),
      auth_chain: pduTexts(reader, room.version, authChain),
    },
  );
}

/** The state without member events, but for those of the users that the room is called by, where it has no name. */
async function withoutMembers(
  { rooms }: Serving,
  { event, userId }: AcceptedMember,
  whole: CompactState,
): Promise<number[]> {
  const { names, database } = rooms;
  const memberTypeNid = await names.eventTypes.intern('m.room.member');
  const shown: number[] = [];
  const turns = new Turns();
  for (let index = 0; index < whole.eventNids.length; index += EVENTS_AT_ONCE) {
    const some = [...whole.eventNids.slice(index, index + EVENTS_AT_ONCE)];
    shown.push(...(await readNidsOfOtherTypes(database.reader, some, memberTypeNid)));
    await turns.next();
  }
  for (const type of ['m.room.name', 'm.room.canonical_alias']) {
    const keyNid = await names.stateKeys.find(type, '');
    if (keyNid !== undefined && eventAt(whole, keyNid) !== undefined) return shown;
  }
  const userNid = await names.users.intern(userId);
  const heroNids = await readHeroes(database.reader, event.roomNid, userNid, HEROES_MAX);
  for (const heroNid of heroNids) {
    const keyNid = await names.stateKeys.find('m.room.member', await names.users.text(heroNid));
    const eventNid = keyNid === undefined ? undefined : eventAt(whole, keyNid);
    if (eventNid !== undefined) shown.push(eventNid);
  }
  return shown;
}
