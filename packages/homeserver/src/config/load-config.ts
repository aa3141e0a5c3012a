import { parseConfig } from './parse-config.ts';
import type { LoadedConfig } from './parse-config.ts';
import { expandConfigPaths, readYamlFiles } from './yaml-file.ts';

/**
 * Reads the config files, the later ones winning option by option at the top level; of a folder it
 * takes every `*.yaml`. Throws a ConfigError with every wrong value, or another StartRefusal where
 * a file cannot be read as YAML. Writes nothing.
 */
export function loadConfig({ files }: { readonly files: readonly string[] }): LoadedConfig {
  return parseConfig(readYamlFiles(expandConfigPaths(files)));
}
