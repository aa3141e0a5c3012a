import { Option } from 'commander';

import { hashPassword } from '../accounts/password-hash.ts';
import { loadConfig } from '../config/load-config.ts';
import type { CliCommand } from './cli-command.ts';
import { collect } from './collect.ts';
import { askNewPassword } from './prompt.ts';

interface Flags {
  readonly password?: string;
  readonly config?: readonly string[];
}

export const hashPasswordCommand: CliCommand = {
  name: 'hash-password',
  summary: 'Hash a password as it stands in the database, to set it there by hand.',
  configure: (command) =>
    void command
      .option('-p, --password <password>', 'the password; asked for when it is left out')
      .addOption(
        new Option(
          '-c, --config <path>',
          'the config whose pepper to use; may be repeated',
        ).argParser(collect),
      )
      .action(async ({ password, config }: Flags) => {
        const pepper =
          config === undefined ? '' : loadConfig({ files: config }).config.passwords.pepper;
        const hash = await hashPassword(password ?? (await askNewPassword()), { pepper });
        process.stdout.write(`${hash}\n`);
      }),
};
