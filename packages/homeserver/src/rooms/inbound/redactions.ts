import { mayRedact, powerLevels, redactedEventOf } from '@soma/protocol';
import type { AuthState, Pdu } from '@soma/protocol';

import type { Statement } from '../../storage/sql.ts';
import { readEvent, readEventById } from '../event-store.ts';
import type { EventRow } from '../event-store.ts';
import {
  decideRedactionStatement,
  readWaitingRedactions,
  waitingRedactionStatement,
} from '../graph-store.ts';
import { internEventIds } from '../intern-event-ids.ts';
import { isPlainEventId } from '../plain-event-id.ts';
import type { PreparedEvent } from '../prepared-event.ts';
import type { RoomHead } from '../room-head.ts';
import { authStateOf } from './auth-state.ts';
import type { InboundContext } from './inbound-context.ts';
import { storedState } from './state-references.ts';
import type { StateReference } from './state-references.ts';

/** What an accepted redaction does. */
export interface RedactionEffect {
  /** The event that it redacts. */
  readonly redacts: EventRow | undefined;
  /** Where that is still to come, or is not to be redacted by this one. */
  readonly statements: readonly Statement[];
}

const NO_EFFECT: RedactionEffect = { redacts: undefined, statements: [] };

/** Decides what an accepted event redacts (spec: Room Version 3, "Handling redactions"). */
export async function effectOfRedaction(
  context: InboundContext,
  head: RoomHead,
  event: PreparedEvent,
  before: StateReference,
): Promise<RedactionEffect> {
  const { pdu, eventId } = event.built;
  if (pdu.type !== 'm.room.redaction') return NO_EFFECT;
  const targetId = redactedEventOf(pdu, head.version);
  if (targetId === undefined || targetId === eventId || !isPlainEventId(targetId)) return NO_EFFECT;
  const target = await readEventById(context.rooms.database.reader, targetId);
  if (target === undefined) {
    const targetNid = (await internEventIds(context.rooms, [targetId])).get(targetId) ?? 0;
    const waiting = waitingRedactionStatement(targetNid, event.eventNid);
    return { redacts: undefined, statements: [waiting] };
  }
  if (target.room_nid !== head.roomNid) return NO_EFFECT;
  const state = await authStateOf(context.rooms, before, pdu, head.version);
  const redacted: Pdu = JSON.parse(target.json);
  if (!takesEffect(head, pdu, redacted, state)) return NO_EFFECT;
  if (redacted.state_key !== undefined) await head.load([[redacted.type, redacted.state_key]]);
  return { redacts: target, statements: [] };
}

/** Decides the redactions that came before the event that they are about. */
export async function decideWaitingRedactions(
  context: InboundContext,
  head: RoomHead,
  event: PreparedEvent,
): Promise<{ readonly isRedacted: boolean; readonly statements: readonly Statement[] }> {
  const { reader } = context.rooms.database;
  const statements: Statement[] = [];
  let isRedacted = false;
  for (const redactionNid of await readWaitingRedactions(reader, event.eventNid)) {
    const row = await readEvent(reader, redactionNid);
    if (row === undefined || row.room_nid !== head.roomNid) continue;
    const redaction: Pdu = JSON.parse(row.json);
    const before = await storedState(context.rooms, head, row.state_before ?? 0);
    const state = await authStateOf(context.rooms, before, redaction, head.version);
    const isValid = takesEffect(head, redaction, event.built.pdu, state);
    statements.push(decideRedactionStatement(event.eventNid, redactionNid, isValid));
    isRedacted ||= isValid;
  }
  return { isRedacted, statements };
}

/** Up to room version 2 the auth rules have decided already. */
function takesEffect(
  { version }: RoomHead,
  redaction: Pick<Pdu, 'sender'>,
  redacted: Pick<Pdu, 'sender'>,
  state: AuthState,
): boolean {
  if (version.redactionAuthRule) return true;
  const levels = powerLevels(
    state.get('m.room.power_levels', '')?.content,
    state.get('m.room.create', ''),
    version,
  );
  return mayRedact(redaction.sender, redacted.sender, levels);
}
