import { existsSync, readFileSync } from 'node:fs';
import { userInfo } from 'node:os';

import { Option } from 'commander';

import { clientAddress } from '../config/client-address.ts';
import { loadConfig } from '../config/load-config.ts';
import { StartRefusal } from '../config/start-refusal.ts';
import type { CliCommand } from './cli-command.ts';
import { addConfigPath, configPaths } from './config-path-option.ts';
import type { ConfigPathFlags } from './config-path-option.ts';
import { ask, askNewPassword, canAsk } from './prompt.ts';
import { registerBySharedSecret } from './shared-secret-registration.ts';

interface Flags extends ConfigPathFlags {
  readonly user?: string;
  readonly password?: string;
  readonly passwordFile?: string;
  readonly user_type?: string;
  readonly admin?: boolean;
  readonly existsOk?: true;
  readonly sharedSecret?: string;
}

const DEFAULT_CONFIG_FILES = ['data/homeserver.yaml', 'homeserver.yaml'];
const DEFAULT_SERVER_URL = 'http://localhost:8008';

export const registerUserCommand: CliCommand = {
  name: 'register-user',
  summary: 'Make an account on the running server, also where registration is closed.',
  configure: (command) =>
    void addConfigPath(
      command,
      `the config to take the secret from (default: ${DEFAULT_CONFIG_FILES.join(' or ')})`,
    )
      .argument(
        '[server-url]',
        `where the server is (default: of the config, or ${DEFAULT_SERVER_URL})`,
      )
      .option(
        '-u, --user <name>',
        'the part of the user id before the colon; asked for when left out',
      )
      .addOption(
        new Option('-p, --password <password>', 'the password; asked for when left out').conflicts(
          'passwordFile',
        ),
      )
      .option('--password-file <file>', 'a file with the password')
      .option('-t, --user_type <type>', 'the type of the user, for example bot or support')
      .option('-a, --admin', 'make an administrator')
      .option('--no-admin', 'make an ordinary user without asking')
      .option('--exists-ok', 'succeed where the user exists; nothing is changed then')
      .addOption(
        new Option('-k, --shared-secret <secret>', 'the registration_shared_secret').conflicts([
          'config',
          'configPath',
        ]),
      )
      .action(registerUser),
};

async function registerUser(serverUrl: string | undefined, flags: Flags): Promise<void> {
  const { sharedSecret, address } = credentials(flags);
  const username = flags.user ?? (await askUsername());
  const password = await passwordOf(flags);
  const admin = flags.admin ?? (await askAdmin());
  const user = { username, password, admin, userType: flags.user_type };
  const outcome = await registerBySharedSecret(serverUrl ?? address, sharedSecret, user);
  if (outcome === 'made') {
    process.stdout.write(`Made ${admin ? 'the administrator' : 'the user'} ${username}.\n`);
  } else if (flags.existsOk === true) {
    process.stdout.write(`The user ${username} exists already; nothing was changed.\n`);
  } else {
    throw new StartRefusal(`The user ${username} exists already.`);
  }
}

function credentials(flags: Flags): { sharedSecret: string; address: string } {
  if (flags.sharedSecret !== undefined) {
    return { sharedSecret: flags.sharedSecret, address: DEFAULT_SERVER_URL };
  }
  const given = configPaths(flags);
  const found = DEFAULT_CONFIG_FILES.filter((file) => existsSync(file)).slice(0, 1);
  const files = given.length > 0 ? given : found;
  if (files.length === 0) {
    throw new StartRefusal('Give the config with --config, or the secret with --shared-secret.');
  }
  const { config, missingFiles } = loadConfig({ files });
  const { sharedSecret } = config.registration;
  const notMadeYet = missingFiles.some(({ content }) => content.trimEnd() === sharedSecret);
  if (sharedSecret === undefined || notMadeYet) {
    throw new StartRefusal(
      notMadeYet
        ? 'The file of registration_shared_secret_path is made at the first start of the server.'
        : `The config has no registration_shared_secret: ${files.join(', ')}`,
    );
  }
  return { sharedSecret, address: clientAddress(config) };
}

async function passwordOf({ password, passwordFile }: Flags): Promise<string> {
  if (password !== undefined) return password;
  if (passwordFile === undefined) return askNewPassword();
  try {
    return readFileSync(passwordFile, 'utf8').replace(/(\r?\n)+$/, '');
  } catch (error) {
    throw new StartRefusal(`The file ${passwordFile} cannot be read.`, { cause: error });
  }
}

async function askUsername(): Promise<string> {
  const { username } = userInfo();
  return (await ask(`User name [${username}]: `, { hidden: false })) || username;
}

async function askAdmin(): Promise<boolean> {
  if (!canAsk()) return false;
  return /^y(es)?$/i.test((await ask('Make an administrator? [no]: ', { hidden: false })).trim());
}
