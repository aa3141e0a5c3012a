import { MatrixError } from '../../errors/matrix-error.ts';
import { policyServerFor } from '../policy/policy-server.ts';
import type { PolicyServer } from '../policy/policy-server.ts';
import { isRecommended } from '../policy/policy-signature.ts';
import type { RoomHead } from '../room-head.ts';
import type { CheckedPdu } from './check-pdu.ts';
import type { InboundContext } from './inbound-context.ts';
import type { Judgement } from './judge-event.ts';

/** The room's policy server has not signed the event, and was not asked yet. */
export interface Unsigned {
  readonly kind: 'unsigned';
  readonly server: PolicyServer;
}

/** What asking a policy server about an event has led to. */
export interface PolicyAnswer {
  /** With its signature, if it has given one. */
  readonly checked: CheckedPdu;
  /** Why it has given none. */
  readonly objection: string | undefined;
}

/**
 * Check 7 of "Checks performed on receipt of a PDU" (SS API), for an event that has passed the others.
 *
 * @param answer what its policy server has answered, once it was asked
 */
export async function judgeByPolicy(
  { rooms }: InboundContext,
  head: RoomHead,
  { pdu, json }: CheckedPdu,
  answer: PolicyAnswer | undefined,
): Promise<Judgement | Unsigned> {
  const { policyServers, database } = rooms;
  const server = policyServers && (await policyServerFor(database.reader, head, pdu));
  const isAllowed = server === undefined || isRecommended(json, head.version, server, rooms.verify);
  if (isAllowed) return { kind: 'accepted' };
  if (answer === undefined) return { kind: 'unsigned', server };
  const reason = answer.objection ?? 'the policy server has changed meanwhile';
  return { kind: 'soft-failed', reason };
}

/** Asks for the signature that an event lacks; nothing in the room waits for it. */
export async function askPolicyServer(
  { rooms, signal }: InboundContext,
  roomNid: number,
  checked: CheckedPdu,
  server: PolicyServer,
): Promise<PolicyAnswer> {
  const version = await rooms.versions.of(rooms.database.reader, roomNid);
  if (version === undefined || rooms.policyServers === undefined) {
    throw new Error(`room ${roomNid} cannot ask its policy server`);
  }
  try {
    const json = await rooms.policyServers.sign(checked.json, version, server, signal);
    return { checked: { ...checked, json }, objection: undefined };
  } catch (error) {
    // A stop of this server says nothing of the event, which is taken in after the next start.
    if (!(error instanceof MatrixError) || signal.aborted) throw error;
    return { checked, objection: error.message };
  }
}
