// Runs a packed build where there is nothing but the language: no globals of Node or of a browser.
// node --experimental-vm-modules bare-context.ts <folder of the build>

import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import process from 'node:process';
import { pathToFileURL, fileURLToPath } from 'node:url';
import { createContext, SourceTextModule, type Module } from 'node:vm';

const context = createContext(Object.create(null));
const modules = new Map<string, SourceTextModule>();

async function load(url: string): Promise<SourceTextModule> {
  const known = modules.get(url);
  if (known !== undefined) return known;
  const code = await readFile(fileURLToPath(url), 'utf8');
  const loaded = new SourceTextModule(code, { context, identifier: url });
  modules.set(url, loaded);
  return loaded;
}

async function link(specifier: string, { identifier }: Module): Promise<Module> {
  if (specifier === '@soma/protocol') return load(entry);
  return load(new URL(specifier, identifier).href);
}

const entry = pathToFileURL(resolve(process.argv[2] ?? '', 'index.js')).href;
const use = new SourceTextModule(
  `import * as protocol from '@soma/protocol';
  const json = { type: 'm.room.message', sender: '@alice:example.org', room_id: '!room:example.org',
    content: { body: 'hello' } };
  const room = { memberCount: 2, senderPower: () => 0, notificationLevel: () => 50 };
  const { canonicalJson, compileRules, evaluatePushRules, parseUserId, roomVersion } = protocol;
  const rules = compileRules(protocol.NO_PUSH_RULE_CHANGES);
  export const result = canonicalJson({
    globals: ['process', 'Buffer', 'require', 'TextEncoder', 'crypto', 'setTimeout', 'URL', 'window']
      .filter((name) => name in globalThis),
    user: parseUserId(json.sender) ?? null,
    version: roomVersion('12').id,
    rule: evaluatePushRules(rules, json, room).rule,
  });`,
  { context, identifier: entry },
);
await use.link(link);
await use.evaluate();
process.stdout.write(String(Reflect.get(use.namespace, 'result')));
