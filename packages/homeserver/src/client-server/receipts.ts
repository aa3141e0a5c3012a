import { isReceiptType } from '../ephemeral/receipt-store.ts';
import { sendReceipt } from '../ephemeral/send-receipt.ts';
import { setReadMarkers } from '../ephemeral/set-read-markers.ts';
import { invalidParam } from '../errors/matrix-error.ts';
import { clientPaths } from '../http/endpoint.ts';
import { EmptyObject, JsonObject } from '../http/schemas.ts';
import { clientEndpoint } from './services.ts';

const postReceipt = clientEndpoint({
  operationId: 'postReceipt',
  summary: 'Send a receipt for the given event ID',
  spec: 'Receipts',
  method: 'POST',
  paths: clientPaths('/rooms/{roomId}/receipt/{receiptType}/{eventId}'),
  authentication: 'required',
  guests: true,
  body: JsonObject,
  bodyOptional: true,
  responses: { 200: EmptyObject },
  errcodes: ['M_INVALID_PARAM'],
  handle: async ({ params, body, requester }, { ephemeral }) => {
    const { roomId, receiptType: type, eventId } = params;
    const { userNid } = requester;
    const threadId = threadIdOf(body);
    if (type === 'm.fully_read') {
      if (threadId !== undefined) throw invalidParam('m.fully_read has no thread_id');
      await setReadMarkers(ephemeral, userNid, roomId, { fullyRead: eventId });
      return {};
    }
    if (!isReceiptType(type)) {
      throw invalidParam('The receipt type must be m.read, m.read.private or m.fully_read');
    }
    await sendReceipt(ephemeral, { roomId, userNid, type, eventId, threadId });
    return {};
  },
});

function threadIdOf({
  thread_id: threadId,
}: Readonly<Record<string, unknown>>): string | undefined {
  if (threadId === undefined) return undefined;
  if (typeof threadId === 'string' && threadId !== '') return threadId;
  throw invalidParam('thread_id must be a non-empty string');
}

export const receiptEndpoints = [postReceipt];
