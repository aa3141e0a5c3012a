import { StartRefusal } from '../config/start-refusal.ts';
import { ListenError } from '../http/listen-error.ts';
import { DatabaseUnusable } from '../storage/migrate.ts';
import { withSourcePositions } from '../telemetry/source-positions.ts';

/** Their messages are written for the operator. */
const REFUSALS = [StartRefusal, DatabaseUnusable, ListenError];

const POSTGRES_ERROR_CODE = /^[0-9A-Z]{5}$/;

/**
 * What to print of a failure: one clear text where its cause is known and outside the program, the
 * stack where it is not.
 */
export function describeFailure(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (REFUSALS.some((refusal) => error instanceof refusal)) return error.message;
  return describeSystemError(error) ?? withSourcePositions(error.stack ?? error.message);
}

function describeSystemError(error: Error): string | undefined {
  const code = textOf(error, 'code');
  if (code === undefined) return undefined;
  if (['ECONNREFUSED', 'ENOTFOUND', 'ETIMEDOUT', 'EHOSTUNREACH', 'EAI_AGAIN'].includes(code)) {
    return `The database cannot be reached: ${reasonOf(error)}. Is it running, and is database.args right?`;
  }
  if (POSTGRES_ERROR_CODE.test(code) && textOf(error, 'severity') !== undefined) {
    return `PostgreSQL refuses: ${error.message}. Check database.args.`;
  }
  return undefined;
}

/** An attempt on several addresses fails with an AggregateError, whose own message is empty. */
function reasonOf(error: Error): string {
  if (!(error instanceof AggregateError)) return error.message;
  const messages = error.errors.map((inner: unknown) =>
    inner instanceof Error ? inner.message : String(inner),
  );
  return messages.join('; ');
}

function textOf(error: Error, key: string): string | undefined {
  const value: unknown = Object.getOwnPropertyDescriptor(error, key)?.value;
  return typeof value === 'string' || typeof value === 'number' ? String(value) : undefined;
}
