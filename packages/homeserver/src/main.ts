// The rest is imported after this check: an older Node would fail on it with a riddle.
import { checkNodeVersion } from './cli/check-node-version.ts';

checkNodeVersion();

const { runServer } = await import('./cli/run-server.ts');
await runServer(process.argv.slice(2), async (config) => {
  const { startHomeserver } = await import('./homeserver.ts');
  return startHomeserver(config);
});
