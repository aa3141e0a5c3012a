import { randomBytes } from 'node:crypto';

import { listOf } from './schema/compounds.ts';
import { fileOption, option } from './schema/option.ts';
import { flag, oneOf, secret } from './schema/scalars.ts';
import { section } from './schema/section.ts';
import type { SectionValue } from './schema/section.ts';

export type RegistrationConfig = SectionValue<typeof registrationSection>;

const SHARED_SECRET_BYTES = 32;

const CLOSES = 'Soma cannot check phone numbers: where `msisdn` is set, registration stays closed.';

/** A new secret for `registration_shared_secret`. */
export function generateSharedSecret(): string {
  return randomBytes(SHARED_SECRET_BYTES).toString('base64url');
}

export const registrationSection = section(
  'Registration',
  {
    enabled: option({
      name: 'enable_registration',
      valueType: flag,
      default: false,
      description: 'Whether anybody may make an account.',
    }),
    withoutVerification: option({
      name: 'enable_registration_without_verification',
      valueType: flag,
      default: false,
      description:
        'Confirms that registration is open to anybody without proof of anything. ' +
        '`enable_registration` is refused without it, unless a token, a captcha or a mail address ' +
        'is asked for.',
    }),
    sharedSecret: fileOption({
      name: 'registration_shared_secret',
      valueType: secret,
      generate: { what: 'a registration secret', content: generateSharedSecret },
      description:
        'Who knows this secret may make accounts, administrators too, even where registration is ' +
        'closed: `npm run soma -- register-user` uses it.',
    }),
    allowGuestAccess: option({
      name: 'allow_guest_access',
      valueType: flag,
      default: false,
      description: 'Whether guests, who have no account, may look at rooms that are open to them.',
    }),
    inhibitUserInUseError: option({
      name: 'inhibit_user_in_use_error',
      valueType: flag,
      default: false,
      description: 'Whether the server keeps silent, before the last step, that a name is taken.',
    }),
    allowUnderscorePrefixedRegistration: option({
      name: 'allow_underscore_prefixed_registration',
      valueType: flag,
      default: false,
      description: 'Whether user names may begin with an underscore.',
    }),
    disable: option({
      name: 'disable_registration',
      valueType: flag,
      default: false,
      description: 'The older opposite of `enable_registration`: true closes registration.',
    }),
    requiresToken: option({
      name: 'registration_requires_token',
      valueType: flag,
      default: false,
      description: 'Whether a registration needs a token that an administrator made.',
    }),
    requires3pid: option({
      name: 'registrations_require_3pid',
      valueType: listOf(oneOf(['email', 'msisdn'])),
      default: [],
      description: 'The kinds of address, mail or phone, that a registration needs.',
      differs: CLOSES,
    }),
    captcha: option({
      name: 'enable_registration_captcha',
      valueType: flag,
      default: false,
      description:
        'Whether a registration needs a solved captcha; `recaptcha_public_key` and ' +
        '`recaptcha_private_key` must be set.',
    }),
  },
  (values, siteOf) => {
    const { sharedSecret, allowGuestAccess, inhibitUserInUseError } = values;
    const { allowUnderscorePrefixedRegistration } = values;
    const site = siteOf('enable_registration');
    const asked = values.enabled && !values.disable;
    // What the operator demands and nobody would check: closed is the safe reading.
    const isUnmet = values.requires3pid.includes('msisdn');
    const requiresEmail = values.requires3pid.includes('email');
    if (asked && isUnmet) {
      site.reporter.warning(
        'Registration stays closed: Soma cannot check what registrations_require_3pid asks for.',
      );
    } else if (
      asked &&
      !values.withoutVerification &&
      !values.requiresToken &&
      !values.captcha &&
      !requiresEmail
    ) {
      return site.refuse(
        'false, or enable_registration_without_verification: true to confirm that anybody may ' +
          'register without verification, or registration_requires_token: true',
        'true',
      );
    }
    return {
      enabled: asked && !isUnmet,
      requiresToken: values.requiresToken,
      requiresCaptcha: values.captcha,
      requiresEmail,
      sharedSecret,
      allowGuestAccess,
      inhibitUserInUseError,
      allowUnderscorePrefixedRegistration,
    };
  },
);
