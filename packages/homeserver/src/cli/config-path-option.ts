import { Option } from 'commander';
import type { Command } from 'commander';

import { collect } from './collect.ts';

export interface ConfigPathFlags {
  readonly configPath?: readonly string[];
  readonly config?: readonly string[];
}

/** Adds `-c, --config-path`, which may be repeated, and Synapse's spelling of it, `--config`. */
export function addConfigPath(command: Command, description: string): Command {
  return command
    .addOption(new Option('-c, --config-path <path>', description).argParser(collect))
    .addOption(new Option('--config <path>').argParser(collect).hideHelp());
}

/** The paths given under either spelling. */
export function configPaths({ configPath = [], config = [] }: ConfigPathFlags): readonly string[] {
  return [...configPath, ...config];
}
