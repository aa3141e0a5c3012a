import { lifetimeMsMax, lifetimeMsMin } from './limits.ts';

/** How long an answer is good for, by what its server says (RFC 9111, 5.2 and 5.3), within the limits. */
export function lifetimeMsOf(header: (name: string) => string | undefined, nowMs: number): number {
  return boundedLifetimeMs(statedLifetimeMs(header, nowMs) ?? lifetimeMsMin);
}

export function boundedLifetimeMs(lifetimeMs: number): number {
  return Math.min(Math.max(lifetimeMs, lifetimeMsMin), lifetimeMsMax);
}

function statedLifetimeMs(
  header: (name: string) => string | undefined,
  nowMs: number,
): number | undefined {
  const cacheControl = header('cache-control') ?? '';
  if (/(?:^|[\s,])no-(?:cache|store)(?:$|[\s,=])/i.test(cacheControl)) return 0;
  const seconds = /(?:^|[\s,])max-age="?(\d{1,10})/i.exec(cacheControl)?.[1];
  if (seconds !== undefined) return (Number(seconds) - ageSeconds(header('age'))) * 1000;
  const expires = Date.parse(header('expires') ?? '');
  return Number.isNaN(expires) ? undefined : expires - nowMs;
}

function ageSeconds(age: string | undefined): number {
  return age !== undefined && /^\d{1,10}$/.test(age) ? Number(age) : 0;
}
