import { isJsonObject } from '@soma/protocol';
import type { JsonObject } from '@soma/protocol';

import type { OutboundClient } from '../../outbound/outbound-client.ts';
import { gatewayAnswerBytesMax, gatewayTimeoutMs } from './limits.ts';

/** The pushkeys that a gateway does not know any more. Throws where it could not be told. */
export async function notifyGateway(
  http: OutboundClient,
  url: string,
  body: JsonObject,
  signal: AbortSignal,
): Promise<readonly unknown[]> {
  const answer = await http.request({
    url,
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
    limits: { totalMs: gatewayTimeoutMs, bodyBytesMax: gatewayAnswerBytesMax },
    signal,
  });
  if (answer.status < 200 || answer.status > 299) {
    answer.body.discard();
    throw new Error(`the push gateway answered ${answer.status}`);
  }
  const text = Buffer.from(await answer.body.bytes()).toString();
  const { rejected } = toObject(text);
  return Array.isArray(rejected) ? rejected : [];
}

/** A gateway that says nothing has rejected nothing. */
function toObject(text: string): JsonObject {
  if (text.trim() === '') return {};
  const value: unknown = JSON.parse(text);
  return isJsonObject(value) ? value : {};
}
