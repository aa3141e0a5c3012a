import { parseServerName } from '@soma/protocol';

import { generateSharedSecret } from '../config/registration.ts';
import { renderSampleConfig } from '../config/render/sample-config.ts';
import { StartRefusal } from '../config/start-refusal.ts';
import { renderStarterConfig } from '../config/starter-config.ts';
import type { CliCommand } from './cli-command.ts';
import { writeResult } from './write-result.ts';

interface Flags {
  readonly serverName: string;
  readonly output?: string;
  readonly full?: true;
}

export const generateConfigCommand: CliCommand = {
  name: 'generate-config',
  summary: 'Make a config file for a server of your name, with a new registration secret.',
  configure: (command) =>
    void command
      .requiredOption('-H, --server-name <name>', 'what stands after the colon in user ids')
      .option('-o, --output <file>', 'a new file to write to, in place of standard output')
      .option('--full', 'list every option with its default, as comments')
      .action((flags: Flags) => writeResult(configText(flags), flags.output)),
};

function configText({ serverName, full }: Flags): string {
  if (parseServerName(serverName) === undefined) {
    throw new StartRefusal(`${JSON.stringify(serverName)} is not a server name.`);
  }
  if (full === true) return renderSampleConfig(serverName);
  const sharedSecret = generateSharedSecret();
  return renderStarterConfig({ serverName, sharedSecret, purpose: 'server' });
}
