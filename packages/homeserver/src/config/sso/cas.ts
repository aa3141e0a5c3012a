import { convert, object } from '../schema/compounds.ts';
import { option } from '../schema/option.ts';
import { flag, oneOf, text } from '../schema/scalars.ts';
import { describeFound } from '../schema/site.ts';
import type { ValueType } from '../schema/value-type.ts';
import { httpUrl, shownOptions } from './identity-provider-options.ts';
import type { AttributeRequirement } from './identity-provider-options.ts';

const REQUIRED = 'a mapping, each value a text or null';

/** Attributes with the value that each must have; null, which Synapse's manual writes `None`, for any. */
const requiredAttributes: ValueType<readonly AttributeRequirement[]> = {
  expected: REQUIRED,
  jsonSchema: { type: 'object', additionalProperties: { type: ['string', 'null'] } },
  read(value, site) {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      return site.refuse(REQUIRED, describeFound(value));
    }
    const requirements: AttributeRequirement[] = [];
    for (const [attribute, wanted] of Object.entries(value)) {
      if (wanted !== null && typeof wanted !== 'string') {
        return site.child(attribute).refuse('a text or null', describeFound(wanted));
      }
      const isAny = wanted === null || wanted === 'None';
      requirements.push({ attribute, oneOf: isAny ? undefined : [wanted] });
    }
    return requirements;
  },
};

const fields = object({
  enabled: option({
    name: 'enabled',
    valueType: flag,
    default: false,
    description: 'Whether users may log in by CAS.',
  }),
  ...shownOptions('CAS'),
  serverUrl: option({
    name: 'server_url',
    valueType: convert(httpUrl, (value) => value.replace(/\/+$/, '')),
    description: 'The address of the CAS server, to which `/login` is added.',
    example: 'https://cas.example.org',
  }),
  protocolVersion: option({
    name: 'protocol_version',
    // YAML has numbers here.
    valueType: {
      ...oneOf(['1', '2', '3']),
      jsonSchema: { enum: [1, 2, 3] },
      read: (value, site) =>
        value === 1 || value === 2 || value === 3
          ? value
          : site.refuse('one of 1, 2, 3', describeFound(value)),
    } satisfies ValueType<number>,
    description: 'The version of the protocol; 3 for attributes.',
  }),
  displaynameAttribute: option({
    name: 'displayname_attribute',
    valueType: text(),
    description: 'The attribute that a new user gets the display name from.',
  }),
  requiredAttributes: option({
    name: 'required_attributes',
    valueType: requiredAttributes,
    default: {},
    description: 'Attributes that a user must have, with their values; null for any value.',
    example: { userGroup: 'staff', department: null },
  }),
  enableRegistration: option({
    name: 'enable_registration',
    valueType: flag,
    default: true,
    description: 'Whether who has no account yet gets one.',
  }),
  allowNumericIds: option({
    name: 'allow_numeric_ids',
    valueType: flag,
    default: false,
    description: 'Whether names of digits alone get `numeric_ids_prefix` before them.',
  }),
  numericIdsPrefix: option({
    name: 'numeric_ids_prefix',
    valueType: text('letters and digits', (value) => /^[a-zA-Z0-9]+$/.test(value)),
    default: 'u',
    description: 'What they get.',
  }),
});

/** Undefined where CAS is not used. */
export const casConfig = convert(fields, (values, site) => {
  if (!values.enabled) return undefined;
  const { serverUrl } = values;
  if (serverUrl === undefined) {
    return site.child('server_url').refuse('an address, because enabled is true', 'nothing');
  }
  return { ...values, serverUrl };
});
