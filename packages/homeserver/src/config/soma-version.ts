import { readFileSync } from 'node:fs';

/** The version of Soma, as in its package.json. */
export function somaVersion(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  const content: unknown = JSON.parse(text);
  if (typeof content === 'object' && content !== null && 'version' in content) {
    return String(content.version);
  }
  throw new Error('package.json has no version');
}
