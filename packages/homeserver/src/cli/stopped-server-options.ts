import { Option } from 'commander';
import type { Command } from 'commander';

import { addConfigPath, configPaths } from './config-path-option.ts';
import type { ConfigPathFlags } from './config-path-option.ts';
import { openStoppedDatabase } from './open-stopped-database.ts';
import type { StoppedDatabase } from './open-stopped-database.ts';
import { DEFAULT_DATA_DIRECTORY } from './start-flags.ts';

/** Which server a command is about that reads its database while it does not run. */
export interface StoppedServerFlags extends ConfigPathFlags {
  readonly dataDirectory: string;
}

export function addStoppedServer(command: Command): Command {
  return addConfigPath(command, 'the config of the server; may be repeated').addOption(
    new Option('--data-directory <folder>', 'where the server keeps everything without a config')
      .default(DEFAULT_DATA_DIRECTORY)
      .conflicts(['config', 'configPath']),
  );
}

export function openStoppedServer(flags: StoppedServerFlags): Promise<StoppedDatabase> {
  return openStoppedDatabase(configPaths(flags), flags.dataDirectory);
}
