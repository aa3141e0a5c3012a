import { invalidParam } from '../errors/matrix-error.ts';
import type { Requester } from '../http/endpoint.ts';

interface TimedRequest {
  readonly requester: Requester;
  queryParameter(name: string): string | undefined;
}

/**
 * When an event is said to be from, by an application service (Application Service API, "Timestamp massaging");
 * undefined for now, and for whoever is none. Throws `400 M_INVALID_PARAM`.
 */
export function massagedTime(request: TimedRequest): number | undefined {
  if (request.requester.applicationService === undefined) return undefined;
  const given = request.queryParameter('ts');
  if (given === undefined) return undefined;
  const ts = /^\d{1,16}$/.test(given) ? Number(given) : Number.NaN;
  if (!Number.isSafeInteger(ts)) throw invalidParam('ts is not a number of milliseconds');
  return ts;
}
