import { describeFound } from '../schema/site.ts';
import type { ValueType } from '../schema/value-type.ts';
import { parseExpression } from './template-expression.ts';
import type { Expression } from './template-expression.ts';

/** A text with places for what an identity provider says of a user, as written in Synapse's configuration. */
export type ClaimTemplate = readonly (string | Expression)[];

const TEMPLATE =
  'a text with {{ user.claim }} in it; of Jinja, ' +
  "['key'], [0], .split('@'), .lower(), .upper(), .strip(), .replace('a', 'b') and the filters " +
  'capitalize, default, localpart_from_email, lower, replace, trim and upper are understood';

export const claimTemplate: ValueType<ClaimTemplate> = {
  expected: TEMPLATE,
  jsonSchema: { type: 'string' },
  read(value, site) {
    const template = typeof value === 'string' ? parseClaimTemplate(value) : undefined;
    return template ?? site.refuse(TEMPLATE, describeFound(value));
  },
};

/** The template that is a claim of this name alone. */
export function templateOfClaim(claim: string): ClaimTemplate {
  return [{ path: [claim], steps: [] }];
}

/** Undefined for what is not understood; nothing in a template is ever run. */
export function parseClaimTemplate(text: string): ClaimTemplate | undefined {
  if (text.includes('{%') || text.includes('{#')) return undefined;
  const parts: (string | Expression)[] = [];
  let start = 0;
  for (;;) {
    const open = text.indexOf('{{', start);
    if (open === -1) break;
    const close = text.indexOf('}}', open + 2);
    const expression = close === -1 ? undefined : parseExpression(text.slice(open + 2, close));
    if (expression === undefined) return undefined;
    if (open > start) parts.push(text.slice(start, open));
    parts.push(expression);
    start = close + 2;
  }
  if (start < text.length) parts.push(text.slice(start));
  return parts;
}
