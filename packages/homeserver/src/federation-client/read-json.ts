import type { JsonValue } from '@soma/protocol';

import { isDeeperThan } from '../outbound/is-deeper-than.ts';
import type { ResponseBody } from '../outbound/response-body.ts';
import { FederationError } from './federation-error.ts';
import { jsonDepthMax } from './limits.ts';

/** The body as JSON. Throws a FederationError `bad-answer` for anything else, or for what is too long or too deep. */
export async function readJson(
  body: ResponseBody,
  destination: string,
  bytesMax = Infinity,
): Promise<JsonValue> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of body) {
    length += chunk.length;
    if (length > bytesMax)
      throw new FederationError('bad-answer', destination, 'too long an answer');
    chunks.push(chunk);
  }
  const bytes = Buffer.concat(chunks);
  if (isDeeperThan(bytes, jsonDepthMax)) {
    throw new FederationError('bad-answer', destination, 'answered too deep a nest');
  }
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch (error) {
    throw new FederationError('bad-answer', destination, 'answered no JSON', { cause: error });
  }
}
