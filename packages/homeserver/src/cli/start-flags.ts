import { parseArgs } from 'node:util';

import { somaVersion } from '../config/soma-version.ts';
import { EXIT } from './exit-codes.ts';

export interface StartFlags {
  /** Files and folders; empty for a start on the data folder's own config. */
  readonly configPaths: readonly string[];
  readonly dataDirectory: string;
}

/** Where everything is kept by a start without a config. */
export const DEFAULT_DATA_DIRECTORY = './data';

const HELP = `Usage: npm start -- [options]

Starts the Soma homeserver.

Options:
  -c, --config-path <path>   config file, or folder of *.yaml; may be repeated, the later wins
  --data-directory <folder>  where everything is kept without a config (default: ${DEFAULT_DATA_DIRECTORY})
  -V, --version              print the version
  -h, --help                 print this
`;

/**
 * Reads the command line of the server; prints help, version or the mistake, and exits on them. By Node's own
 * parser: what the tools' commands are made with would stay in the server's memory for nothing.
 */
export function parseStartFlags(args: readonly string[]): StartFlags {
  const values = readFlags(args);
  if (values.help === true) exit(EXIT.ok, HELP);
  if (values.version === true) exit(EXIT.ok, `${somaVersion()}\n`);
  const configPaths = values['config-path'] ?? [];
  const dataDirectory = values['data-directory'];
  if (configPaths.length > 0 && dataDirectory !== undefined) {
    exit(
      EXIT.usage,
      'error: give either --config-path or --data-directory: a config names its own folders\n',
    );
  }
  return { configPaths, dataDirectory: dataDirectory ?? DEFAULT_DATA_DIRECTORY };
}

function readFlags(args: readonly string[]) {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        'config-path': { type: 'string', short: 'c', multiple: true },
        'data-directory': { type: 'string' },
        version: { type: 'boolean', short: 'V' },
        help: { type: 'boolean', short: 'h' },
      },
    });
    return values;
  } catch (error) {
    return exit(EXIT.usage, `error: ${error instanceof Error ? error.message : String(error)}\n`);
  }
}

function exit(code: number, text: string): never {
  (code === EXIT.ok ? process.stdout : process.stderr).write(text);
  process.exit(code);
}
