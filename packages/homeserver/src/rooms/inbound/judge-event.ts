import { authorise } from '@soma/protocol';
import type { AuthEvent, AuthState, EventToAuthorise } from '@soma/protocol';

import type { RoomHead } from '../room-head.ts';
import { authState, authStateOf, authStateOfHead } from './auth-state.ts';
import type { InboundContext } from './inbound-context.ts';
import { mergeStates, storedState } from './state-references.ts';
import type { StateReference } from './state-references.ts';

/** What checks 4 to 6 of "Checks performed on receipt of a PDU" (SS API) say. */
export type Judgement =
  | { readonly kind: 'accepted' }
  | { readonly kind: 'rejected'; readonly rule: string; readonly reason: string }
  | { readonly kind: 'soft-failed'; readonly reason: string };

const ACCEPTED: Judgement = { kind: 'accepted' };

/** Judges an event by the events that it lists, by the state before it, and by the current state. */
export async function judgeEvent(
  { rooms }: InboundContext,
  head: RoomHead,
  event: EventToAuthorise,
  authEvents: readonly AuthEvent[],
  before: StateReference,
  isPast = false,
): Promise<Judgement> {
  const { version, partial } = head;
  const listed = judgeByAuthEvents(rooms, head, event, authEvents, await createEventOf(head));
  if (listed !== undefined) return listed;
  const stateBefore = await authStateOf(rooms, before, event, version);
  const members = partial === undefined ? NO_EVENTS : authEvents;
  const known = withMembers(stateBefore, members);
  const byState = authorise(event, known, version, { verify: rooms.verify });
  if (!byState.allowed) return { kind: 'rejected', rule: byState.rule, reason: byState.reason };
  if (isPast || before.snapshot.nid === head.snapshot.nid) return ACCEPTED;
  const current = withMembers(await currentAuthState(rooms, head, event, before), members);
  const byCurrent = authorise(event, current, version, { verify: rooms.verify });
  return byCurrent.allowed ? ACCEPTED : { kind: 'soft-failed', reason: byCurrent.reason };
}

/** As if the event were an end of the room already: where it has its place, others may have been let in. */
async function currentAuthState(
  rooms: InboundContext['rooms'],
  head: RoomHead,
  event: EventToAuthorise,
  before: StateReference,
): Promise<AuthState> {
  const ends = new Set(head.extremities.map((one) => one.stateAfter));
  if (ends.has(before.snapshot.nid)) return authStateOfHead(head, event);
  const references = await Promise.all([...ends].map((nid) => storedState(rooms, head, nid)));
  const merged = await mergeStates(rooms, head, [...references, before]);
  return authStateOf(rooms, merged, event, head.version);
}

const NO_EVENTS: readonly AuthEvent[] = [];

/** Members of whom a state that is known in part says nothing are taken to be what an event says that they are. */
function withMembers(state: AuthState, listed: readonly AuthEvent[]): AuthState {
  if (listed.length === 0) return state;
  const told = authState(listed.filter(({ rejected = false }) => !rejected));
  return {
    get: (type, stateKey) =>
      state.get(type, stateKey) ??
      (type === 'm.room.member' ? told.get(type, stateKey) : undefined),
  };
}

async function createEventOf(head: RoomHead): Promise<AuthEvent | undefined> {
  await head.load([['m.room.create', '']]);
  const entry = head.get('m.room.create', '');
  // It makes the room's ID, so it has none itself in the versions that ask for it here.
  return entry?.event;
}

/** Check 4; undefined where the event passes. */
export function judgeByAuthEvents(
  { verify }: Pick<InboundContext['rooms'], 'verify'>,
  { version }: Pick<RoomHead, 'version'>,
  event: EventToAuthorise,
  authEvents: readonly AuthEvent[],
  create: AuthEvent | undefined,
): Extract<Judgement, { kind: 'rejected' }> | undefined {
  const needsCreate = !version.createIsAuthEvent && create !== undefined;
  const state = authState(needsCreate ? [...authEvents, create] : authEvents);
  const verdict = authorise(event, state, version, { authEvents, verify });
  if (verdict.allowed) return undefined;
  return { kind: 'rejected', rule: verdict.rule, reason: verdict.reason };
}
