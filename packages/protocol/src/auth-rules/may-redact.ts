import { domainOf } from './domain-of.ts';
import type { PowerLevels } from './power-levels.ts';

/**
 * Whether a redaction that was accepted takes effect, in room version 3 and later: its sender has the redact
 * level, or is of the same server as the sender of the redacted event (spec: Room Version 3, "Handling redactions").
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
