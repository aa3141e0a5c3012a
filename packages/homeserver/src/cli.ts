// The rest is imported after this check: an older Node would fail on it with a riddle.
import { checkNodeVersion } from './cli/check-node-version.ts';

checkNodeVersion();

const { runCli } = await import('./cli/run-cli.ts');
await runCli(process.argv.slice(2));
