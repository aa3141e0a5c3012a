import { domainOf } from './domain-of.ts';
import { otherwiseReject } from './rule.ts';
import type { RuleGroup } from './rule.ts';

/** If type is `m.room.redaction` (versions 1 and 2; later versions decide when the redaction is applied). */
export const redaction: RuleGroup = {
  in: ({ redactionAuthRule }) => redactionAuthRule,
  when: ({ event }) => event.type === 'm.room.redaction',
  rules: [
    { check: ({ senderLevel, levels }) => (senderLevel >= levels.redact ? 'allow' : undefined) },
    {
      // One that was redacted itself says no more what it is about; every server but the newest has let it pass.
      check: ({ event: { redacts, eventId } }) =>
        typeof redacts !== 'string' || domainOf(redacts) === domainOf(eventId)
          ? 'allow'
          : undefined,
    },
    otherwiseReject('the power to redact is missing'),
  ],
};
