import { ACCEPTED_OPTIONS } from '../accepted.ts';
import { optionNames } from '../schema/read-options.ts';
import type { OptionFacts } from '../schema/value-type.ts';
import { SECTIONS } from '../sections.ts';
import { SYNAPSE_OPTION_NAMES } from '../synapse-option-names.ts';
import { inlineYaml, optionYaml } from './option-value.ts';

/** The page that lists every option, in Markdown. */
export function renderReferencePage(): string {
  const sections = Object.values(SECTIONS).map(({ title, options }) =>
    [`## ${title}`, ...Object.values(options).map(renderOption)].join('\n\n'),
  );
  return `${[INTRODUCTION, ...sections, renderAccepted(), renderUnused()].join('\n\n')}\n`;
}

const INTRODUCTION = `# Configuration options

This page is generated from \`packages/homeserver/src/config\` by \`npm run generate\`. How config files
are found, merged and checked is in [Configure](../operate/configure.md); the same options as one
file are in [sample-homeserver.yaml](sample-homeserver.yaml), and as JSON Schema, for editors, in
[config.schema.json](config.schema.json).

Option names are those of Synapse. A duration is a number of milliseconds, or a whole number with
\`s\`, \`m\`, \`h\`, \`d\`, \`w\` or \`y\`. A size is a number of bytes, or a whole number with \`K\`, \`M\`, \`G\` or
\`T\`, each 1024 times the one before. A relative path counts from the folder of the config file in
which it stands.`;

function renderOption(option: OptionFacts): string {
  const { name, description, differs, later, pathName, example } = option;
  const fields = option.valueType.fields ?? [];
  return [
    `### \`${name}\``,
    description,
    ...(differs === undefined ? [] : [`**Unlike Synapse:** ${differs}`]),
    ...(later ? ['**Without effect in this release**; the value is checked.'] : []),
    [
      `- Value: ${option.valueType.expected}`,
      `- Default: ${renderDefault(option)}`,
      ...(pathName === undefined
        ? []
        : [`- \`${pathName}\`: a file that holds the value, instead`]),
    ].join('\n'),
    ...(fields.length === 0 ? [] : [renderFields(fields)]),
    ...(example === undefined ? [] : [`\`\`\`yaml\n${optionYaml(name, example)}\`\`\``]),
  ].join('\n\n');
}

function renderDefault(option: OptionFacts): string {
  if (option.required) return 'none: the option is required';
  if (option.default === undefined) return 'not set';
  const nested = option.valueType.fields !== undefined && inlineYaml(option.default) === '{}';
  return nested ? 'the defaults of the options in it' : `\`${inlineYaml(option.default)}\``;
}

function renderFields(fields: readonly OptionFacts[]): string {
  const rows = flattenFields(fields, '').map(
    ({ path, field }) =>
      `| \`${path}\` | ${cell(field.description)} | ${cell(field.valueType.expected)} | ${cell(renderDefault(field))} |`,
  );
  return ['| in it | | value | default |', '|---|---|---|---|', ...rows].join('\n');
}

function flattenFields(
  fields: readonly OptionFacts[],
  prefix: string,
): { path: string; field: OptionFacts }[] {
  return fields.flatMap((field) => {
    const path = `${prefix}${field.name}`;
    return [{ path, field }, ...flattenFields(field.valueType.fields ?? [], `${path}.`)];
  });
}

function cell(text: string): string {
  return text.replaceAll('|', String.raw`\|`);
}

function renderAccepted(): string {
  const rows = Object.entries(ACCEPTED_OPTIONS).map(([name, why]) => `| \`${name}\` | ${why} |`);
  return [
    '## Options of Synapse that are accepted and not needed',
    'They may stay in the file; nothing is said about them at start.',
    ['| option | |', '|---|---|', ...rows].join('\n'),
  ].join('\n\n');
}

function renderUnused(): string {
  const read = new Set(
    Object.values(SECTIONS).flatMap(({ options }) => optionNames(Object.values(options))),
  );
  const names = [...SYNAPSE_OPTION_NAMES]
    .filter((name) => !/[.[]/.test(name))
    .filter((name) => !read.has(name) && !Object.hasOwn(ACCEPTED_OPTIONS, name))
    .toSorted();
  return [
    '## Options of Synapse that Soma does not have',
    'A warning at start names those of them that the file sets.',
    names.map((name) => `\`${name}\``).join(', '),
  ].join('\n\n');
}
