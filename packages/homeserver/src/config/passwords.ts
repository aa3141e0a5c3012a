import { object } from './schema/compounds.ts';
import { option } from './schema/option.ts';
import { flag, integer, oneOf, secret } from './schema/scalars.ts';
import { section } from './schema/section.ts';
import type { SectionValue } from './schema/section.ts';

export type PasswordsConfig = SectionValue<typeof passwordsSection>;
export type PasswordPolicy = PasswordsConfig['policy'];

const policyFields = object({
  enabled: option({
    name: 'enabled',
    valueType: flag,
    default: false,
    description: 'Whether new passwords are held to this policy.',
  }),
  minimumLength: option({
    name: 'minimum_length',
    valueType: integer(0, 512, 'a number of characters'),
    default: 0,
    description: 'The fewest characters of a password; 0 sets no bound.',
  }),
  requireDigit: option({
    name: 'require_digit',
    valueType: flag,
    default: false,
    description: 'Whether a password needs a digit.',
  }),
  requireSymbol: option({
    name: 'require_symbol',
    valueType: flag,
    default: false,
    description: 'Whether a password needs a character that is neither letter nor digit.',
  }),
  requireLowercase: option({
    name: 'require_lowercase',
    valueType: flag,
    default: false,
    description: 'Whether a password needs a small letter.',
  }),
  requireUppercase: option({
    name: 'require_uppercase',
    valueType: flag,
    default: false,
    description: 'Whether a password needs a capital letter.',
  }),
});

const passwordFields = object({
  enabled: option({
    name: 'enabled',
    valueType: oneOf([true, false, 'only_for_reauth']),
    default: true,
    description:
      'Whether users log in with a password; `only_for_reauth` keeps it for confirming single ' +
      'actions.',
  }),
  localdbEnabled: option({
    name: 'localdb_enabled',
    valueType: flag,
    default: true,
    description: 'Whether the passwords in the database of the server count.',
  }),
  pepper: option({
    name: 'pepper',
    valueType: secret,
    description:
      'A secret that is added to every password before it is hashed. Once it is changed, no ' +
      'password fits any more.',
  }),
  policy: option({
    name: 'policy',
    valueType: policyFields,
    default: {},
    description: 'What a new password must contain.',
    example: { enabled: true, minimum_length: 12 },
  }),
});

export const passwordsSection = section(
  'Passwords',
  {
    bcryptRounds: option({
      name: 'bcrypt_rounds',
      valueType: integer(4, 31),
      default: 12,
      description: 'Accepted; new passwords are hashed with argon2id.',
      differs:
        'It has no effect. Hashes that Synapse made with bcrypt stay valid, whatever their cost.',
    }),
    password: option({
      name: 'password_config',
      valueType: passwordFields,
      default: {},
      description: 'Logging in with a password.',
      example: { enabled: true, policy: { enabled: true, minimum_length: 12 } },
    }),
  },
  ({ bcryptRounds, password }) => ({ ...password, bcryptRounds, pepper: password.pepper ?? '' }),
);
