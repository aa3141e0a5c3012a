import { hash } from 'node:crypto';
import { readFileSync } from 'node:fs';

import { notFound } from '../../errors/matrix-error.ts';
import { PlainText, reply } from '../../http/response.ts';
import { accountEndpoint } from '../services.ts';

const folder = new URL('../../../static/', import.meta.url);
const types = {
  'page.css': 'text/css; charset=utf-8',
  'auth-done.js': 'text/javascript; charset=utf-8',
  'login.js': 'text/javascript; charset=utf-8',
} as const;

export type StaticFile = keyof typeof types;

interface Content {
  readonly text: string;
  readonly version: string;
}

const contents = new Map<StaticFile, Content>();

function contentOf(name: StaticFile): Content {
  const known = contents.get(name);
  if (known !== undefined) return known;
  const text = readFileSync(new URL(name, folder), 'utf8');
  const content = { text, version: hash('sha256', text, 'base64url').slice(0, 12) };
  contents.set(name, content);
  return content;
}

/** Where a page finds the file: another address for another content, so that it can be kept for ever. */
export function addressOf(name: StaticFile): string {
  return `/_matrix/static/soma/${name}?v=${contentOf(name).version}`;
}

export const getStaticFile = accountEndpoint({
  operationId: 'getStaticFile',
  summary: 'A style or a script of the pages',
  spec: 'Legacy login',
  method: 'GET',
  paths: ['/_matrix/static/soma/{file}'],
  authentication: 'none',
  errcodes: ['M_NOT_FOUND'],
  handle({ params: { file } }) {
    if (!isStaticFile(file)) throw notFound('No such file');
    const headers = {
      'Cache-Control': 'public, max-age=31536000, immutable',
      'X-Content-Type-Options': 'nosniff',
    };
    return reply(new PlainText(contentOf(file).text, types[file]), { headers });
  },
});

function isStaticFile(name: string): name is StaticFile {
  return Object.hasOwn(types, name);
}
