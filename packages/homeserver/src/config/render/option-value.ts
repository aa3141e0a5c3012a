import { stringify } from 'yaml';

import { isMapping } from '../schema/compounds.ts';
import type { OptionFacts, YamlValue } from '../schema/value-type.ts';

/** The default of an option with those of the options inside it; undefined where it has none. */
export function fullDefault(option: OptionFacts): YamlValue | undefined {
  const own = option.default;
  const { fields } = option.valueType;
  if (fields === undefined || !isMapping(own)) return own;
  const inner = fields
    .map((field): [string, YamlValue | undefined] => [
      field.name,
      own[field.name] === undefined ? fullDefault(field) : ownValue(own, field.name),
    ])
    .filter((entry): entry is [string, YamlValue] => entry[1] !== undefined);
  return Object.fromEntries(inner);
}

/** An option as it would stand in the file. */
export function optionYaml(name: string, value: YamlValue): string {
  return stringify({ [name]: value }, { lineWidth: 100, version: '1.1' });
}

/** A short form of a default, for a table. */
export function inlineYaml(value: YamlValue): string {
  return stringify(value, { collectionStyle: 'flow', lineWidth: 0, version: '1.1' }).trim();
}

function ownValue(mapping: YamlValue, name: string): YamlValue | undefined {
  return isYamlMapping(mapping) ? mapping[name] : undefined;
}

function isYamlMapping(value: YamlValue): value is { readonly [key: string]: YamlValue } {
  return isMapping(value);
}
