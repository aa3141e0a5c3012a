import { convert, listOf, object } from './schema/compounds.ts';
import { option } from './schema/option.ts';
import { flag, oneOf, text } from './schema/scalars.ts';
import { section } from './schema/section.ts';
import type { SectionValue } from './schema/section.ts';
import { describeFound } from './schema/site.ts';

export type ThreePidsConfig = SectionValue<typeof threePidsSection>;

const allowed = object({
  medium: option({
    name: 'medium',
    valueType: oneOf(['email', 'msisdn']),
    required: true,
    description: 'The kind of address.',
  }),
  pattern: option({
    name: 'pattern',
    valueType: convert(text('a regular expression'), (value, site) => {
      try {
        // As Synapse: it must match from the first letter on.
        return new RegExp(`^(?:${value})`, 'u');
      } catch {
        return site.refuse('a regular expression', describeFound(value));
      }
    }),
    required: true,
    description: 'What the beginning of the address must match.',
  }),
});

export const threePidsSection = section(
  'Addresses of users',
  {
    enableChanges: option({
      name: 'enable_3pid_changes',
      valueType: flag,
      default: true,
      description: 'Whether users may change the addresses of their accounts.',
    }),
    enableLookup: option({
      name: 'enable_3pid_lookup',
      valueType: flag,
      default: true,
      description: 'Whether people can be invited by an address that an identity server knows.',
    }),
    allowedLocal: option({
      name: 'allowed_local_3pids',
      valueType: listOf(allowed),
      description: 'The only addresses that accounts may have; any when it is left out.',
      example: [{ medium: 'email', pattern: '^[^@]+@example\\.org$' }],
    }),
    inhibitErrors: option({
      name: 'request_token_inhibit_3pid_errors',
      valueType: flag,
      default: false,
      description:
        'Whether whoever asks for a mail is not told whether the address belongs to an account.',
    }),
    nextLinkDomains: option({
      name: 'next_link_domain_whitelist',
      valueType: listOf(text('a host name')),
      description:
        'The only hosts that a link in a mail may lead to afterwards; any when left out.',
      example: ['matrix.example.org'],
    }),
  },
  (values) => values,
);
