import { generateSigningKeyLine } from '../config/signing-key.ts';
import type { CliCommand } from './cli-command.ts';
import { writeResult } from './write-result.ts';

export const generateSigningKeyCommand: CliCommand = {
  name: 'generate-signing-key',
  summary: 'Make a signing key, in the form of the file that signing_key_path names.',
  configure: (command) =>
    void command
      .option('-o, --output <file>', 'a new file to write to, in place of standard output')
      .action(({ output }: { output?: string }) =>
        writeResult(`${generateSigningKeyLine()}\n`, output),
      ),
};
