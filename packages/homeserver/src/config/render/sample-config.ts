import type { OptionFacts } from '../schema/value-type.ts';
import { SECTIONS } from '../sections.ts';
import { fullDefault, optionYaml } from './option-value.ts';
import { wrapText } from './wrap-text.ts';

const COMMENT_CHARACTERS_MAX = 96;

/** Every option as YAML with its explanation: what is required is set, the rest is a comment. */
export function renderSampleConfig(serverName: string): string {
  const sections = Object.values(SECTIONS).map(({ title, options }) => {
    const entries = Object.values(options).map((option) => renderOption(option, serverName));
    return [`## ${title} ##`, ...entries].join('\n\n');
  });
  return `${comment(INTRODUCTION)}\n\n${sections.join('\n\n\n')}\n`;
}

const INTRODUCTION =
  'Every option of Soma. A line that begins with "#" and an option shows its default, or an ' +
  'example where there is no default: remove the "#" to set it. A relative path counts from the ' +
  'folder of the config file. Durations are milliseconds, or have one of s, m, h, d, w, y; sizes ' +
  'have one of K, M, G.';

function renderOption(option: OptionFacts, serverName: string): string {
  const { name, description, differs, later, pathName } = option;
  const notes = [
    description,
    ...(differs === undefined ? [] : [`Unlike Synapse: ${differs}`]),
    ...(later ? ['Checked, without effect in this release.'] : []),
    ...(pathName === undefined ? [] : [`${pathName} names a file that holds it, instead.`]),
  ];
  const text = notes.map(comment).join('\n');
  if (option.required) return `${text}\n${optionYaml(name, serverName).trimEnd()}`;
  const value = fullDefault(option) ?? option.example;
  const example = value === undefined ? `${name}:` : optionYaml(name, value).trimEnd();
  const commented = example.split('\n').map((line) => `#${line}`);
  return [text, ...commented].join('\n');
}

function comment(text: string): string {
  return wrapText(text, COMMENT_CHARACTERS_MAX)
    .map((line) => `# ${line}`)
    .join('\n');
}
