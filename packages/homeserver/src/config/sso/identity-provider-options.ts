import { listOf, object } from '../schema/compounds.ts';
import { option } from '../schema/option.ts';
import { text } from '../schema/scalars.ts';
import type { Site } from '../schema/site.ts';

export const httpUrl = text(
  'an http:// or https:// address',
  (value) => URL.canParse(value) && /^https?:\/\/[^/]/.test(value),
  { format: 'uri' },
);

/** What clients show of a provider. */
export function shownOptions(defaultName: string) {
  return {
    name: option({
      name: 'idp_name',
      valueType: text(),
      default: defaultName,
      description: 'What users see the provider as.',
    }),
    icon: option({
      name: 'idp_icon',
      valueType: text('an mxc:// address', (value) => /^mxc:\/\/[^/]+\/[\w-]+$/.test(value)),
      description: 'A picture for it, uploaded to this server.',
      example: 'mxc://example.org/mediaid',
    }),
    brand: option({
      name: 'idp_brand',
      valueType: text('a name of small letters, digits and ._-', (value) =>
        /^[a-z][a-z0-9._-]*$/.test(value),
      ),
      description: 'Which well-known provider it is, so that clients show its own button.',
      example: 'github',
    }),
  };
}

/** What must be said of a user for a login. */
export interface AttributeRequirement {
  readonly attribute: string;
  /** Undefined where it must only be there. */
  readonly oneOf: readonly string[] | undefined;
}

const requirement = object({
  attribute: option({
    name: 'attribute',
    valueType: text(),
    required: true,
    description: 'The claim that a user must have.',
  }),
  value: option({
    name: 'value',
    valueType: text(),
    description: 'The value that it must have, or, where it is a list, have among others.',
  }),
  oneOf: option({
    name: 'one_of',
    valueType: listOf(text()),
    description: 'Several such values, of which one is enough.',
  }),
});

export const attributeRequirements = listOf({
  ...requirement,
  read: (value: unknown, site: Site) => {
    const read = requirement.read(value, site);
    if (typeof read === 'symbol') return read;
    const { attribute, value: only, oneOf } = read;
    const values = [...(only === undefined ? [] : [only]), ...(oneOf ?? [])];
    return { attribute, oneOf: values.length === 0 ? undefined : values };
  },
});
