import { Type } from 'typebox';

import type { ServerName } from '@soma/protocol';

import { receiveReceipt } from '../../ephemeral/send-receipt.ts';
import { eduType, userOf } from './edu-type.ts';
import type { EduServices } from './edu-type.ts';
import { receiptsPerEduMax } from './limits.ts';
import { memberOfEdu, roomOfEdu } from './room-of-edu.ts';

const Receipt = Type.Object({
  event_ids: Type.Array(Type.String(), { minItems: 1 }),
  data: Type.Object({
    ts: Type.Integer({ minimum: 0 }),
    thread_id: Type.Optional(Type.String()),
  }),
});

interface OneReceipt {
  readonly text: string;
  readonly eventId: string;
  readonly threadId: string | undefined;
  readonly ts: number;
}

/** SS API, "Receipts". Only public ones go from server to server. */
export const receiptEdu = eduType({
  name: 'm.receipt',
  isDurable: false,
  schema: Type.Record(
    Type.String(),
    Type.Object({ 'm.read': Type.Optional(Type.Record(Type.String(), Receipt)) }),
  ),
  async receive(origin, contents, services) {
    for (const content of contents) {
      let left = receiptsPerEduMax;
      for (const [roomId, { 'm.read': ofUsers = {} }] of Object.entries(content)) {
        const receipts = Object.entries(ofUsers)
          .slice(0, left)
          .map(
            ([
              text,
              {
                event_ids: [eventId = ''],
                data,
              },
            ]): OneReceipt => {
              return { text, eventId, threadId: data.thread_id, ts: data.ts };
            },
          );
        left -= receipts.length;
        await receiveInRoom(services, origin, roomId, receipts);
        if (left <= 0) break;
      }
    }
  },
});

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
