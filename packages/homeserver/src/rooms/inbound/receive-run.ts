import type { InboundContext } from './inbound-context.ts';
import { findRoom, receiveEvent } from './receive-event.ts';
import type { Received, Reception } from './room-intake.ts';
import { takeNextMessage } from './take-next-message.ts';
import type { TakenMessage } from './take-next-message.ts';

/** A reception that has begun: it ends with the commit. */
interface Begun {
  readonly done: Promise<Received>;
}

/**
 * Receives events in their order. Messages that follow one another share commits; before any other event, and after it,
 * all is committed that was begun. Resolves when nothing of it is under way.
 */
export async function receiveRun(
  context: InboundContext,
  receptions: readonly Reception[],
): Promise<PromiseSettledResult<Received>[]> {
  const begun: Promise<Received>[] = [];
  for (const reception of receptions) {
    const { done } = await begin(context, reception, begun);
    done.catch(ignore);
    begun.push(done);
  }
  return Promise.allSettled(begun);
}

async function begin(
  context: InboundContext,
  reception: Reception,
  before: readonly Promise<Received>[],
): Promise<Begun> {
  try {
    const taken = await takeNext(context, reception);
    if (taken !== undefined) return { done: finish(context, reception, taken, before.at(-1)) };
  } catch (error) {
    return { done: Promise.reject(error) };
  }
  await before.at(-1)?.catch(ignore);
  const done = receiveEvent(context, reception);
  await done.catch(ignore);
  return { done };
}

async function takeNext(
  context: InboundContext,
  { origin, roomId, checked }: Reception,
): Promise<TakenMessage | undefined> {
  if (checked === undefined) return undefined;
  const room = await findRoom(context, roomId);
  if (room === undefined || checked.roomId !== roomId) return undefined;
  return takeNextMessage(context, { origin, roomNid: room.roomNid, checked });
}

/** After the ones before it, of which each goes the long way if what it was built on has fallen. */
async function finish(
  context: InboundContext,
  reception: Reception,
  { event, submitted }: TakenMessage,
  before: Promise<Received> | undefined,
): Promise<Received> {
  const outcome = await submitted.done;
  await before?.catch(ignore);
  if (outcome.outcome === 'refused') return receiveEvent(context, reception);
  return { kind: 'accepted', event: { ...event, position: outcome.position } };
}

function ignore(): void {}
