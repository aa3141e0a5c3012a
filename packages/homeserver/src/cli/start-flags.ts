import { Command, CommanderError } from 'commander';

import { collect } from './collect.ts';
import { EXIT } from './exit-codes.ts';
import { somaVersion } from '../config/soma-version.ts';

export interface StartFlags {
  /** Files and folders; empty for a start on the data folder's own config. */
  readonly configPaths: readonly string[];
  readonly dataDirectory: string;
}

/** Where everything is kept by a start without a config. */
export const DEFAULT_DATA_DIRECTORY = './data';

/** Reads the command line of the server; prints help, version or the mistake, and exits on them. */
export function parseStartFlags(args: readonly string[]): StartFlags {
  const command = new Command('npm start --')
    .description('Starts the Soma homeserver.')
    .option(
      '-c, --config-path <path>',
      'config file, or folder of *.yaml; may be repeated, the later wins',
      collect,
    )
    .option(
      '--data-directory <folder>',
      `where everything is kept without a config (default: ${DEFAULT_DATA_DIRECTORY})`,
    )
    .version(somaVersion(), '-V, --version')
    .helpOption('-h, --help')
    .allowExcessArguments(false)
    .exitOverride();
  try {
    command.parse(args, { from: 'user' });
    return readFlags(command);
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    process.exit(error.exitCode === 0 ? EXIT.ok : EXIT.usage);
  }
}

function readFlags(command: Command): StartFlags {
  const { configPath = [], dataDirectory } = command.opts<{
    configPath?: string[];
    dataDirectory?: string;
  }>();
  if (configPath.length > 0 && dataDirectory !== undefined) {
    command.error(
      'error: give either --config-path or --data-directory: a config names its own folders',
    );
  }
  return { configPaths: configPath, dataDirectory: dataDirectory ?? DEFAULT_DATA_DIRECTORY };
}
