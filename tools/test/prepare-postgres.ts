import { startPostgresCluster, type PostgresCluster } from './postgres-cluster.ts';
import { installProgram, installsPrograms, postgres } from './system-programs.ts';

/**
 * Starts the run's PostgreSQL server, installing it first where that is ours to do. Gives
 * undefined, after saying how to get it, where PostgreSQL is absent and its tests are skipped.
 *
 * @throws where PostgreSQL must be there (root on Debian) and cannot be had
 */
export async function preparePostgres(): Promise<PostgresCluster | undefined> {
  if (postgres.find() === undefined && installsPrograms()) installProgram(postgres);
  const binFolder = postgres.find();
  if (binFolder === undefined) {
    if (installsPrograms()) throw new Error('PostgreSQL was installed and yet initdb is not found');
    console.log(`PostgreSQL is missing, its tests are skipped; to run them, ${postgres.advice}`);
    return undefined;
  }
  const startedAt = performance.now();
  const cluster = await startPostgresCluster(binFolder);
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  console.log(`PostgreSQL ${cluster.version} started in ${seconds} s`);
  return cluster;
}
