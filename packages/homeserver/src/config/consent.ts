import { mapOf, object } from './schema/compounds.ts';
import { option } from './schema/option.ts';
import { flag, text } from './schema/scalars.ts';
import { section } from './schema/section.ts';
import type { SectionValue } from './schema/section.ts';

export type ConsentConfig = SectionValue<typeof consentSection>;

const translation = object({
  name: option({
    name: 'name',
    valueType: text(),
    required: true,
    description: 'The title of the document in this language.',
  }),
  url: option({
    name: 'url',
    valueType: text('an http:// or https:// address', (value) => /^https?:\/\/[^/]/.test(value), {
      format: 'uri',
    }),
    required: true,
    description: 'Where the document can be read.',
  }),
});

const policy = object({
  version: option({
    name: 'version',
    valueType: text(),
    required: true,
    description: 'The version of the document.',
  }),
  translations: option({
    name: 'translations',
    valueType: mapOf(translation),
    required: true,
    description: 'The document by language, `en` among them.',
  }),
});

const userConsent = object({
  requireAtRegistration: option({
    name: 'require_at_registration',
    valueType: flag,
    default: false,
    description: 'Whether whoever registers must accept the documents.',
  }),
  policies: option({
    name: 'policies',
    valueType: mapOf(policy),
    default: {},
    description: 'The documents, by a name that clients remember them by.',
    example: {
      privacy_policy: {
        version: '1.0',
        translations: { en: { name: 'Privacy policy', url: 'https://example.org/privacy' } },
      },
    },
    differs: 'Synapse has one document, which it serves itself from `template_dir`.',
  }),
});

export const consentSection = section(
  'Consent',
  {
    userConsent: option({
      name: 'user_consent',
      valueType: userConsent,
      default: {},
      description: 'The documents that users accept.',
    }),
  },
  ({ userConsent: { requireAtRegistration, policies } }) => ({
    isRequiredAtRegistration: requireAtRegistration,
    policies,
  }),
);
