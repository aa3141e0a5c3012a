import { Type } from 'typebox';

import { sendToDevice } from '../e2ee/send-to-device.ts';
import { clientPaths } from '../http/endpoint.ts';
import { JsonObject } from '../http/schemas.ts';
import { ownDeviceOf } from './own-device.ts';
import { clientEndpoint } from './services.ts';

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
  async handle({ requester, params, body: { messages } }, { encryption }) {
    const { eventType: type, txnId: transactionId } = params;
    await sendToDevice(encryption, ownDeviceOf(requester), { type, transactionId, messages });
    return {};
  },
});

export const toDeviceEndpoints = [send];
