import { existsSync } from 'node:fs';
import { join } from 'node:path';

import { generateSharedSecret } from './registration.ts';
import { generateSigningKeyLine } from './signing-key.ts';
import { renderStarterConfig } from './starter-config.ts';
import { writeSecretFile } from './write-secret-file.ts';

const SERVER_NAME = 'localhost';
const CONFIG_FILE = 'homeserver.yaml';

export interface DataDirectory {
  readonly configFile: string;
  /** What this call made; empty where the folder had a config. */
  readonly made: readonly { readonly path: string; readonly what: string }[];
}

/**
 * Fills a data folder that has no config: a signing key, then a config for this machine alone. The
 * config comes last, so that an interrupted first start is simply repeated.
 */
export function prepareDataDirectory(folder: string): DataDirectory {
  const configFile = join(folder, CONFIG_FILE);
  if (existsSync(configFile)) return { configFile, made: [] };
  const made: { path: string; what: string }[] = [];
  const make = (path: string, what: string, content: string): void => {
    writeSecretFile(path, content);
    made.push({ path, what });
  };
  const keyFile = join(folder, `${SERVER_NAME}.signing.key`);
  if (!existsSync(keyFile)) make(keyFile, 'the signing key', `${generateSigningKeyLine()}\n`);
  const sharedSecret = generateSharedSecret();
  const config = renderStarterConfig({ serverName: SERVER_NAME, sharedSecret, purpose: 'local' });
  make(configFile, 'the configuration', config);
  return { configFile, made };
}
