import { Type } from 'typebox';

import { sendToDevice } from '../e2ee/send-to-device.ts';
import { clientPaths } from '../http/endpoint.ts';
import type { Requester } from '../http/endpoint.ts';
import { JsonObject } from '../http/schemas.ts';
import { ownDeviceOf } from './own-device.ts';
import type { RateLimiters } from './rate-limits.ts';
import { clientEndpoint } from './services.ts';

const KEY_REQUEST = 'm.room_key_request';

const send = clientEndpoint({
  operationId: 'sendToDevice',
  summary: 'Send messages to devices',
  spec: 'Send-to-Device messaging',
  method: 'PUT',
  paths: clientPaths('/sendToDevice/{eventType}/{txnId}'),
  authentication: 'required',
  guests: true,
  body: Type.Object({
    messages: Type.Record(Type.String(), Type.Record(Type.String(), JsonObject)),
  }),
  errcodes: ['M_TOO_LARGE', 'M_INVALID_PARAM'],
  async handle({ requester, params, body: { messages } }, { encryption, rateLimits }) {
    const { eventType: type, txnId: transactionId } = params;
    if (type === KEY_REQUEST && isOverLimit(rateLimits, requester)) return {};
    await sendToDevice(encryption, ownDeviceOf(requester), { type, transactionId, messages });
    return {};
  },
});

/** As with Synapse these requests go unheard: clients send them in great numbers, and again. */
function isOverLimit(rateLimits: RateLimiters, requester: Requester): boolean {
  if (requester.isRateLimitExempt === true) return false;
  const key = `${requester.userNid} ${requester.deviceNid ?? 0}`;
  return !rateLimits.rc_key_requests.tryAction(key).allowed;
}

export const toDeviceEndpoints = [send];
