import { Type } from 'typebox';

import { isJsonObject } from '@soma/protocol';
import type { ServerName } from '@soma/protocol';

import { receiveReceipt } from '../../ephemeral/send-receipt.ts';
import { eduType, guardOf, userOf } from './edu-type.ts';
import type { EduServices } from './edu-type.ts';
import { receiptsPerEduMax } from './limits.ts';
import { memberOfEdu, roomOfEdu } from './room-of-edu.ts';

const Receipt = Type.Object({
  event_ids: Type.Array(Type.String(), { minItems: 1 }),
  data: Type.Object({
    ts: Type.Integer({ minimum: 0 }),
    thread_id: Type.Optional(Type.Union([Type.String(), Type.Null()])),
  }),
});
const isReceipt = guardOf(Receipt);

interface OneReceipt {
  readonly text: string;
  readonly eventId: string;
  readonly threadId: string | undefined;
  readonly ts: number;
}

/** SS API, "Receipts". Only public ones go from server to server. One that is malformed does not take others with it. */
export const receiptEdu = eduType({
  name: 'm.receipt',
  isDurable: false,
  schema: Type.Record(Type.String(), Type.Unknown()),
  async receive(origin, contents, services) {
    for (const content of contents) {
      let left = receiptsPerEduMax;
      for (const [roomId, ofRoom] of Object.entries(content)) {
        const receipts = receiptsIn(ofRoom).slice(0, left);
        left -= receipts.length;
        await receiveInRoom(services, origin, roomId, receipts);
        if (left <= 0) break;
      }
    }
  },
});

function receiptsIn(ofRoom: unknown): OneReceipt[] {
  const ofUsers = isJsonObject(ofRoom) ? ofRoom['m.read'] : undefined;
  return Object.entries(isJsonObject(ofUsers) ? ofUsers : {}).flatMap(([text, value]) => {
    if (!isReceipt(value)) return [];
    const { event_ids: eventIds, data } = value;
    const [eventId = ''] = eventIds;
    return { text, eventId, threadId: data.thread_id ?? undefined, ts: data.ts };
  });
}

async function receiveInRoom(
  { ephemeral }: EduServices,
  origin: ServerName,
  roomId: string,
  receipts: readonly OneReceipt[],
): Promise<void> {
  const roomNid = await roomOfEdu(ephemeral, origin, roomId);
  if (roomNid === undefined) return;
  await Promise.all(
    receipts.map(async ({ text, ...receipt }) => {
      const userId = userOf(origin, text);
      if (userId === undefined) return;
      const userNid = await memberOfEdu(ephemeral, userId, roomNid);
      if (userNid !== undefined) await receiveReceipt(ephemeral, { roomNid, userNid, ...receipt });
    }),
  );
}
