import { hashPassword } from '../accounts/password-hash.ts';
import { loadConfig } from '../config/load-config.ts';
import type { CliCommand } from './cli-command.ts';
import { addConfigPath, configPaths } from './config-path-option.ts';
import type { ConfigPathFlags } from './config-path-option.ts';
import { askNewPassword } from './prompt.ts';

interface Flags extends ConfigPathFlags {
  readonly password?: string;
}

export const hashPasswordCommand: CliCommand = {
  name: 'hash-password',
  summary: 'Hash a password as it stands in the database, to set it there by hand.',
  configure: (command) =>
    void addConfigPath(command, 'the config whose pepper to use; may be repeated')
      .option('-p, --password <password>', 'the password; asked for when it is left out')
      .action(hash),
};

async function hash({ password, ...flags }: Flags): Promise<void> {
  const files = configPaths(flags);
  const pepper = files.length === 0 ? '' : loadConfig({ files }).config.passwords.pepper;
  const hashed = await hashPassword(password ?? (await askNewPassword()), { pepper });
  process.stdout.write(`${hashed}\n`);
}
