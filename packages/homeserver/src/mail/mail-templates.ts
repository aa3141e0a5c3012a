import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { escapeHtml } from '../html/html.ts';
import { templateTexts } from './template-texts.ts';
import type { TemplateName } from './template-texts.ts';

/** A text, or what stands for it in HTML and in plain text. */
export type MailValue = string | { readonly html: string; readonly text: string };

type Form = 'html' | 'text';

const EXTENSIONS: Readonly<Record<Form, string>> = { html: 'html', text: 'txt' };

/** The texts of mails: ours, or those that the operator has put in their place. */
export class MailTemplates {
  readonly #texts = new Map<string, string>();

  /** `warn` is told of each file that is not used, with the reason. */
  constructor(folder: string | undefined, warn: (message: string) => void) {
    if (folder === undefined) return;
    for (const name of Object.keys(templateTexts)) {
      for (const [form, extension] of Object.entries(EXTENSIONS)) {
        const file = join(folder, `${name}.${extension}`);
        const text = readIfPresent(file);
        if (text === undefined) continue;
        // What more the templates of Synapse can say, nothing here understands.
        if (/\{%|\{#/.test(text)) warn(`${file} is not used: it says more than {{ name }}`);
        else this.#texts.set(`${name}.${form}`, text);
      }
    }
  }

  render(
    name: TemplateName,
    values: Readonly<Record<string, MailValue>>,
  ): Readonly<Record<Form, string>> {
    return { html: this.#render(name, 'html', values), text: this.#render(name, 'text', values) };
  }

  #render(name: TemplateName, form: Form, values: Readonly<Record<string, MailValue>>): string {
    const template = this.#texts.get(`${name}.${form}`) ?? templateTexts[name][form];
    const known = new Map(Object.entries(values));
    return template.replaceAll(/\{\{\s*(\w+)\s*\}\}/g, (_, key: string) => {
      const value = known.get(key) ?? '';
      if (typeof value !== 'string') return value[form];
      return form === 'html' ? escapeHtml(value) : value;
    });
  }
}

function readIfPresent(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}
