import type { ClaimTemplate } from '../../config/sso/claim-template.ts';
import type { Expression, Step } from '../../config/sso/template-expression.ts';

export type Claims = Readonly<Record<string, unknown>>;

/** The text of a template for a user, without white space around it; what is not there is nothing, as with Synapse. */
export function renderTemplate(template: ClaimTemplate, claims: Claims): string {
  return template
    .map((part) => (typeof part === 'string' ? part : textOf(valueOf(part, claims))))
    .join('')
    .trim();
}

function valueOf({ path, steps }: Expression, claims: Claims): unknown {
  let value: unknown = claims;
  for (const key of path) value = itemOf(value, key);
  for (const step of steps) value = applyStep(value, step);
  return value;
}

function applyStep(value: unknown, { name, args }: Step): unknown {
  const [first = '', second = ''] = args;
  if (name === 'item') return itemOf(value, first);
  const text = textOf(value);
  switch (name) {
    case 'default':
      return value === undefined ? first : value;
    case 'split':
      return text.split(String(first));
    case 'lower':
      return text.toLowerCase();
    case 'upper':
      return text.toUpperCase();
    case 'strip':
    case 'trim':
      return text.trim();
    case 'capitalize':
      return text.slice(0, 1).toUpperCase() + text.slice(1).toLowerCase();
    case 'localpart_from_email':
      return text.replace(/@[^@]*$/, '');
    case 'replace':
      return text.replaceAll(String(first), () => String(second));
  }
}

function itemOf(value: unknown, key: string | number): unknown {
  if (Array.isArray(value)) return typeof key === 'number' ? value.at(key) : undefined;
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined;
  return Reflect.get(value, key);
}

/** A list or an object has no text. */
function textOf(value: unknown): string {
  if (typeof value === 'string') return value;
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : '';
}
