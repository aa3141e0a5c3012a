import { convert, mapOf, object } from '../schema/compounds.ts';
import { option } from '../schema/option.ts';
import { flag, oneOf, text } from '../schema/scalars.ts';
import type { ValueType } from '../schema/value-type.ts';
import { claimTemplate, templateOfClaim } from './claim-template.ts';
import type { ClaimTemplate } from './claim-template.ts';

/** How what a provider says of a user becomes a user of this server. */
export interface OidcMapping {
  readonly subject: ClaimTemplate;
  readonly picture: ClaimTemplate;
  /** Undefined where new users choose. */
  readonly localpart: ClaimTemplate | undefined;
  readonly confirmsLocalpart: boolean;
  readonly displayName: ClaimTemplate | undefined;
  readonly email: ClaimTemplate | undefined;
  readonly extraAttributes: Readonly<Record<string, ClaimTemplate>>;
}

const template = (name: string, description: string) =>
  option({ name, valueType: claimTemplate, description });
const claim = (name: string, standard: string) =>
  option({
    name,
    valueType: text(),
    default: standard,
    description: `The older form of \`${name.replace('claim', 'template')}\`: the name of the claim alone.`,
  });

const mappingConfig = object({
  subjectTemplate: template(
    'subject_template',
    'What tells the users of the provider apart, for ever; `{{ user.sub }}` when it is left out.',
  ),
  subjectClaim: claim('subject_claim', 'sub'),
  pictureTemplate: template(
    'picture_template',
    'The address of the picture of a user; `{{ user.picture }}` when it is left out.',
  ),
  pictureClaim: claim('picture_claim', 'picture'),
  localpart: template(
    'localpart_template',
    'The name of a new user. When it is left out, new users choose theirs.',
  ),
  confirmsLocalpart: option({
    name: 'confirm_localpart',
    valueType: flag,
    default: false,
    description: 'Whether a new user may still change the name that the template gives.',
  }),
  displayName: template('display_name_template', 'The display name of a new user.'),
  email: template('email_template', 'The mail address of a new user.'),
  extraAttributes: option({
    name: 'extra_attributes',
    valueType: mapOf(claimTemplate),
    default: {},
    description: 'Keys that the answer to the login gets beside those of the specification.',
  }),
});

const mapping: ValueType<OidcMapping> = convert(mappingConfig, (values) => ({
  subject: values.subjectTemplate ?? templateOfClaim(values.subjectClaim),
  picture: values.pictureTemplate ?? templateOfClaim(values.pictureClaim),
  localpart: values.localpart,
  confirmsLocalpart: values.confirmsLocalpart,
  displayName: values.displayName,
  email: values.email,
  extraAttributes: values.extraAttributes,
}));

export const mappingProvider = object({
  module: option({
    name: 'module',
    valueType: oneOf([
      'synapse.handlers.oidc.JinjaOidcMappingProvider',
      'synapse.handlers.oidc_handler.JinjaOidcMappingProvider',
    ]),
    default: 'synapse.handlers.oidc.JinjaOidcMappingProvider',
    description: 'The way of mapping: by templates.',
    differs: 'Soma has no modules in Python.',
  }),
  config: option({
    name: 'config',
    valueType: mapping,
    default: {},
    description: 'The templates.',
  }),
});
