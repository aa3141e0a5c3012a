import { convert, listOf, object } from '../schema/compounds.ts';
import { fileOption, option } from '../schema/option.ts';
import { flag, oneOf, secret, text } from '../schema/scalars.ts';

const fields = object({
  enabled: option({
    name: 'enabled',
    valueType: flag,
    default: false,
    description: 'Whether a login may show a JSON web token: `org.matrix.login.jwt`.',
  }),
  secret: fileOption({
    name: 'secret',
    valueType: secret,
    description: 'The secret that the tokens are signed with, or the public key in PEM.',
  }),
  algorithm: option({
    name: 'algorithm',
    valueType: oneOf([
      'HS256',
      'HS384',
      'HS512',
      'RS256',
      'RS384',
      'RS512',
      'ES256',
      'ES384',
      'ES512',
      'PS256',
      'PS384',
      'PS512',
      'EdDSA',
    ]),
    description: 'How they are signed.',
  }),
  subjectClaim: option({
    name: 'subject_claim',
    valueType: text(),
    default: 'sub',
    description: 'The claim that is the name of the user.',
  }),
  displayNameClaim: option({
    name: 'display_name_claim',
    valueType: text(),
    description: 'The claim that a new user gets the display name from.',
  }),
  issuer: option({
    name: 'issuer',
    valueType: text(),
    description: 'The issuer that a token must name.',
  }),
  audiences: option({
    name: 'audiences',
    valueType: listOf(text()),
    default: [],
    description: 'The audiences of which a token must name one. Without, it must name none.',
  }),
});

/** Undefined where no such token is taken. */
export const jwtConfig = convert(fields, (values, site) => {
  const { enabled, secret: key, algorithm } = values;
  if (!enabled) return undefined;
  const expected = 'a value, because enabled is true';
  if (key === undefined) return site.child('secret').refuse(expected, 'nothing');
  if (algorithm === undefined) return site.child('algorithm').refuse(expected, 'nothing');
  return { ...values, secret: key, algorithm };
});
