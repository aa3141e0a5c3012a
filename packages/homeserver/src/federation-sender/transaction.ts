import { randomBytes } from 'node:crypto';

import { canonicalJson, isJsonObject } from '@soma/protocol';
import type { JsonValue } from '@soma/protocol';

import type { StoredEdu } from './outbox-store.ts';
import type { OutgoingPdu } from './pdu-store.ts';
import type { Edu } from './stored-edus.ts';

/** What one transaction brings, and what is so once it is taken. */
export interface Transaction {
  readonly pdus: readonly OutgoingPdu[];
  readonly edus: readonly Edu[];
  /** The EDUs among them that were stored. */
  readonly stored: readonly StoredEdu[];
  /** The destination then has all events that it was to get, up to this position. */
  readonly sentUpTo: number | undefined;
}

/** Names for transactions, of which a destination must not see one twice, not even after a restart. */
export class TransactionIds {
  readonly #prefix = randomBytes(9).toString('base64url');
  #count = 0;

  next(): string {
    this.#count += 1;
    return `${this.#prefix}-${this.#count}`;
  }
}

/** The body of a transaction as canonical JSON; the PDUs go in as they are. */
export function transactionText(
  origin: string,
  originServerTs: number,
  { pdus, edus }: Transaction,
): string {
  const [before, after] = [
    { edus: canonicalEdus(edus) },
    { origin, origin_server_ts: originServerTs },
  ].map((part) => canonicalJson(part).slice(1, -1));
  return `{${before},${after},"pdus":[${pdus.map(({ text }) => text).join(',')}]}`;
}

function canonicalEdus(edus: readonly Edu[]): JsonValue[] {
  return edus.map(({ edu_type, content }) => ({ edu_type, content }));
}

/** What the destination says against single PDUs: event ID → error. */
export function errorsIn(answer: JsonValue): Map<string, JsonValue> {
  const results = isJsonObject(answer) ? answer['pdus'] : undefined;
  const errors = new Map<string, JsonValue>();
  if (!isJsonObject(results)) return errors;
  for (const [eventId, result] of Object.entries(results)) {
    if (isJsonObject(result) && result['error'] !== undefined) errors.set(eventId, result['error']);
  }
  return errors;
}
