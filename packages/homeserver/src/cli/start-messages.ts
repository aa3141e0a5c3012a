import { relative, sep } from 'node:path';

import { clientAddress } from '../config/client-address.ts';
import type { Config } from '../config/config.ts';
import { somaVersion } from '../config/soma-version.ts';
import type { PreparedStart } from './prepare-start.ts';

const DEFAULT_CONFIG_FILE = './data/homeserver.yaml';

/** One line per file that this start made; nothing where it made none. */
export function describeMade({ made }: PreparedStart): string {
  return made.map(({ path, what }) => `Made ${what}: ${shown(path)}\n`).join('');
}

/** `Soma 0.1.0 is ready: example.org on http://127.0.0.1:8008` */
export function describeReady(config: Config, addresses: readonly string[]): string {
  const where = addresses.length === 0 ? '' : ` on ${addresses.join(', ')}`;
  return `Soma ${somaVersion()} is ready: ${config.server.serverName}${where}\n`;
}

/** What to do after the very first start. */
export function describeNextSteps({ firstStart, config, configPaths }: PreparedStart): string {
  if (!firstStart) return '';
  const file = shown(configPaths[0] ?? DEFAULT_CONFIG_FILE);
  const flag = file === DEFAULT_CONFIG_FILE ? '' : ` -c ${file}`;
  const address = clientAddress(config);
  return `
Next:
  Make the first administrator, in another terminal:
    npm run soma -- register-user --admin${flag}
  Point a Matrix client at the homeserver ${address}
    Only programs on this machine reach it, so anybody among them may register.
  For a server of your own name, write a config and start with it:
    npm run soma -- generate-config --server-name example.org --output homeserver.yaml
    npm start -- --config-path homeserver.yaml
The configuration, with explanations: ${file}

`;
}

/** A path as one would type it here. */
function shown(path: string): string {
  const short = relative(process.cwd(), path);
  if (short === '') return '.';
  return short.startsWith('..') ? path : `.${sep}${short}`;
}
