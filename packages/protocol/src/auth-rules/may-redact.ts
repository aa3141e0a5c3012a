import { domainOf } from './domain-of.ts';
import type { PowerLevels } from './power-levels.ts';

/**
 * Whether a redaction that was accepted takes effect, in room version 3 and later: its sender has the redact
 * level, or is of the same server as the sender of the redacted event (spec: Room Version 3, "Handling redactions").
 *
 * @example
 * ```ts
 * import assert from 'node:assert/strict';
 * import { mayRedact, powerLevels, roomVersion } from '@soma/protocol';
 *
 * const version = roomVersion('11');
 * assert.ok(version);
 * const levels = powerLevels({ users: { '@mod:example.org': 50 } }, undefined, version);
 * assert.equal(mayRedact('@mod:example.org', '@bob:other.org', levels), true);
 * assert.equal(mayRedact('@alice:example.org', '@bob:other.org', levels), false);
 * ```
 */
export function mayRedact(
  redactionSender: string,
  redactedSender: string,
  levels: PowerLevels,
): boolean {
  return (
    levels.userLevel(redactionSender) >= levels.redact ||
    domainOf(redactionSender) === domainOf(redactedSender)
  );
}
