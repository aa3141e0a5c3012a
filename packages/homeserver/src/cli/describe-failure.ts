import { StartRefusal } from '../config/start-refusal.ts';
import { DatabaseUnusable } from '../storage/migrate.ts';

const POSTGRES_ERROR_CODE = /^[0-9A-Z]{5}$/;

/**
 * What to print of a failure: one clear text where its cause is known and outside the program, the
 * stack where it is not.
 */
export function describeFailure(error: unknown): string {
  if (error instanceof StartRefusal || error instanceof DatabaseUnusable) return error.message;
  if (!(error instanceof Error)) return String(error);
  return describeSystemError(error) ?? error.stack ?? error.message;
}

function describeSystemError(error: Error): string | undefined {
  const code = textOf(error, 'code');
  if (code === undefined) return undefined;
  if (textOf(error, 'syscall') === 'listen' || textOf(error, 'syscall') === 'bind') {
    return describeListenError(error, code);
  }
  if (['ECONNREFUSED', 'ENOTFOUND', 'ETIMEDOUT', 'EHOSTUNREACH', 'EAI_AGAIN'].includes(code)) {
    return `The database cannot be reached: ${reasonOf(error)}. Is it running, and is database.args right?`;
  }
  if (POSTGRES_ERROR_CODE.test(code) && textOf(error, 'severity') !== undefined) {
    return `PostgreSQL refuses: ${error.message}. Check database.args.`;
  }
  return undefined;
}

function describeListenError(error: Error, code: string): string | undefined {
  const port = textOf(error, 'port');
  const address = textOf(error, 'address') ?? 'an address';
  const place = port === undefined ? address : `port ${port} of ${address}`;
  if (code === 'EADDRINUSE') {
    return `Another program listens on ${place}. Stop it, or change the port under listeners.`;
  }
  if (code === 'EACCES') {
    return `No permission to listen on ${place}. Ports below 1024 need a privilege; put a reverse proxy in front.`;
  }
  if (code === 'EADDRNOTAVAIL' || code === 'EAFNOSUPPORT') {
    return `This machine does not have the address of ${place}. Change it under listeners.`;
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
