import { writeSecretFile } from '../config/write-secret-file.ts';

/** Prints the result of a command, or writes it to a new file that its owner alone can read. */
export function writeResult(text: string, path: string | undefined): void {
  if (path === undefined) {
    process.stdout.write(text);
    return;
  }
  writeSecretFile(path, text);
  process.stderr.write(`Made ${path}\n`);
}
