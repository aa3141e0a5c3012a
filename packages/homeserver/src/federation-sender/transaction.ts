import { randomBytes } from 'node:crypto';

import { IDENTIFIER_BYTES_MAX, canonicalJson, isJsonObject } from '@soma/protocol';
import type { JsonValue } from '@soma/protocol';

import { errorLengthMax, pdusPerTransactionMax } from './limits.ts';
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

/** What the destination says against single PDUs: event ID → error, of as many and as much as a log is to hold. */
export function errorsIn(answer: JsonValue): Map<string, string> {
  const results = isJsonObject(answer) ? answer['pdus'] : undefined;
  const errors = new Map<string, string>();
  if (!isJsonObject(results)) return errors;
  for (const [eventId, result] of Object.entries(results).slice(0, pdusPerTransactionMax)) {
    const error = isJsonObject(result) ? result['error'] : undefined;
    if (error === undefined) continue;
    const text = typeof error === 'string' ? error : JSON.stringify(error);
    errors.set(eventId.slice(0, IDENTIFIER_BYTES_MAX), text.slice(0, errorLengthMax));
  }
  return errors;
}
