import { objectSchema } from '../schema/compounds.ts';
import { SECTIONS } from '../sections.ts';

/** The JSON Schema of a whole config file, for editors; keys it does not name are allowed. */
export function renderJsonSchema(): string {
  const options = Object.values(SECTIONS).flatMap((section) => Object.values(section.options));
  const schema = {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'The configuration of Soma',
    ...objectSchema(options),
  };
  return `${JSON.stringify(schema, null, 2)}\n`;
}
