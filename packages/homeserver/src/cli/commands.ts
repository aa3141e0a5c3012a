import { afterRestoreCommand } from './after-restore.ts';
import { checkDatabaseCommand } from './check-database.ts';
import type { CliCommand } from './cli-command.ts';
import { generateConfigCommand } from './generate-config.ts';
import { generateSigningKeyCommand } from './generate-signing-key.ts';
import { hashPasswordCommand } from './hash-password.ts';
import { mediaReportCommand } from './media-report.ts';
import { registerUserCommand } from './register-user.ts';

/** Every command, in the order of the help. */
export const COMMANDS: readonly CliCommand[] = [
  generateConfigCommand,
  generateSigningKeyCommand,
  registerUserCommand,
  hashPasswordCommand,
  checkDatabaseCommand,
  afterRestoreCommand,
  mediaReportCommand,
];
