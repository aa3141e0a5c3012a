import { Command, CommanderError } from 'commander';

import { somaVersion } from '../config/soma-version.ts';
import { COMMANDS } from './commands.ts';
import { describeFailure } from './describe-failure.ts';
import { EXIT } from './exit-codes.ts';

/** Runs one command and ends with its exit code: 0 done, 1 refused, 2 wrong command line. */
export async function runCli(args: readonly string[]): Promise<void> {
  try {
    await buildProgram().parseAsync(args, { from: 'user' });
  } catch (error) {
    process.exitCode = error instanceof CommanderError ? usageCode(error) : EXIT.refused;
    if (!(error instanceof CommanderError)) process.stderr.write(`${describeFailure(error)}\n`);
  }
}

/** All commands under one program, which throws where it would exit. */
export function buildProgram(): Command {
  const program = new Command('npm run soma --')
    .description('Tools for whoever runs a Soma homeserver.')
    .version(somaVersion(), '-V, --version')
    .showHelpAfterError('(add --help for the options)')
    .exitOverride();
  for (const { name, summary, ...rest } of COMMANDS) {
    const command = program.command(name).summary(summary).description(summary);
    command.allowExcessArguments(false);
    rest.configure(command);
  }
  return program;
}

function usageCode(error: CommanderError): number {
  return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
}
