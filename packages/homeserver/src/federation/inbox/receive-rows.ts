import type { Received, RoomIntake } from '../../rooms/inbound/room-intake.ts';
import type { Rooms } from '../../rooms/rooms.ts';
import type { Logger } from '../../telemetry/logger.ts';
import type { CheckedEvents } from './checked-events.ts';
import type { InboxRow } from './inbox-store.ts';

/** What those work with who take events out of the inbox. */
export interface InboxContext {
  readonly rooms: Rooms;
  readonly intake: RoomIntake;
  readonly logger: Logger;
  readonly checked: CheckedEvents;
  /** Whether the server stops: what is interrupted stays as it is. */
  readonly isClosed: () => boolean;
}

/** What became of an event of the inbox. */
export type RowOutcome =
  /** It has its place, or never gets one. */
  | 'done'
  /** Others are to be asked about it. */
  | 'unasked'
  /** It may be tried again later. */
  | 'incomplete'
  /** The same, and nobody was reached who might have what is missing. */
  | 'cut-off'
  /** The server stops. */
  | 'interrupted';

/** Has events of one room received, in order; logs what is not as usual. */
export async function receiveRows(
  context: InboxContext,
  roomNid: number,
  rows: readonly InboxRow[],
  asksNobody: boolean,
): Promise<RowOutcome[]> {
  const roomId = await context.rooms.names.rooms.text(roomNid);
  const receptions = rows.map(({ inbox_nid: inboxNid, origin, json: pdu }) => {
    const checked = context.checked.take(inboxNid);
    return { origin, roomId, pdu, checked, asksNobody };
  });
  const results = await context.intake.receiveRun(receptions);
  return rows.map((row, index) => {
    const outcome = outcomeOf(context, row, roomId, results[index]);
    const checked = receptions[index]?.checked;
    if (outcome === 'unasked' && checked !== undefined) context.checked.add(row.inbox_nid, checked);
    const isOver = outcome === 'done' || !context.isClosed();
    return isOver ? outcome : 'interrupted';
  });
}

function outcomeOf(
  { logger, isClosed }: InboxContext,
  { event_id: event, origin }: InboxRow,
  room: string,
  result: PromiseSettledResult<Received> | undefined,
): RowOutcome {
  const about = { room, event, origin };
  if (result?.status !== 'fulfilled') {
    if (!isClosed()) logger.error({ ...about, err: result?.reason }, 'event not received');
    return 'incomplete';
  }
  const received = result.value;
  const cause = received.kind === 'refused' ? received.cause : undefined;
  if (cause === 'unasked') return 'unasked';
  if (received.kind !== 'accepted') logger.info({ ...about, received }, 'event received');
  if (received.kind !== 'refused' || cause !== 'incomplete') return 'done';
  return received.isCutOff === true ? 'cut-off' : 'incomplete';
}
