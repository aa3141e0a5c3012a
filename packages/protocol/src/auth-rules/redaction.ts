import { domainOf } from './domain-of.ts';
import { otherwiseReject } from './rule.ts';
import type { RuleGroup } from './rule.ts';
import type { EventToAuthorise } from './types.ts';

/**
 * A redaction that was redacted itself no longer says what it is about. Every server that had it before has let it pass, so
 * those that get it later do too.
 */
function isRedacted({ redacts, content }: EventToAuthorise): boolean {
  return redacts === undefined && Object.keys(content).length === 0;
}

/** If type is `m.room.redaction` (versions 1 and 2; later versions decide when the redaction is applied). */
export const redaction: RuleGroup = {
  in: ({ redactionAuthRule }) => redactionAuthRule,
  when: ({ event }) => event.type === 'm.room.redaction',
  rules: [
    { check: ({ senderLevel, levels }) => (senderLevel >= levels.redact ? 'allow' : undefined) },
    {
      check: ({ event }) =>
        isRedacted(event) ||
        (typeof event.redacts === 'string' && domainOf(event.redacts) === domainOf(event.eventId))
          ? 'allow'
          : undefined,
    },
    otherwiseReject('the power to redact is missing'),
  ],
};
