import { option } from './schema/option.ts';
import { flag, integer, text } from './schema/scalars.ts';
import { section } from './schema/section.ts';
import type { SectionValue } from './schema/section.ts';

export type UsageLimitsConfig = SectionValue<typeof usageLimitsSection>;

const COUNT_MAX = 1_000_000_000;

export const usageLimitsSection = section(
  'Usage limits',
  {
    isDisabled: option({
      name: 'hs_disabled',
      valueType: flag,
      default: false,
      description: 'Whether nobody may use the server. `admin_contact` is shown with the refusal.',
    }),
    disabledMessage: option({
      name: 'hs_disabled_message',
      valueType: text(),
      default: 'Homeserver is currently blocked',
      description: 'What users are told then.',
    }),
    limitsActiveUsers: option({
      name: 'limit_usage_by_mau',
      valueType: flag,
      default: false,
      description:
        'Whether only so many users may use the server within 30 days as `max_mau_value` says. Guests and users of ' +
        'application services are not counted.',
    }),
    activeUsersMax: option({
      name: 'max_mau_value',
      valueType: integer(0, COUNT_MAX, 'a number of users'),
      default: 0,
      description: 'How many these are.',
    }),
    trialDays: option({
      name: 'mau_trial_days',
      valueType: integer(0, COUNT_MAX, 'a number of days'),
      default: 0,
      description: 'For how many days a new user is not counted.',
    }),
  },
  (values) => values,
);
