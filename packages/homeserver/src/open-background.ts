import type { Accounts } from './accounts/accounts.ts';
import { deleteStaleDevices } from './accounts/delete-stale-devices.ts';
import { forgetAddressesStatement } from './accounts/device-store.ts';
import type { Config } from './config/config.ts';
import { PeriodicJobs } from './jobs/periodic-jobs.ts';
import type { PeriodicJob } from './jobs/periodic-jobs.ts';
import { AcceptInvites } from './membership/accept-invites.ts';
import type { RemoteRooms } from './membership/remote/remote-rooms.ts';
import { pruneRedacted } from './rooms/prune-redacted.ts';
import type { Rooms } from './rooms/rooms.ts';
import { write } from './storage/database.ts';
import type { Logger } from './telemetry/logger.ts';

const EVERY_MS = 60 * 60_000;

/** Opens what the server does by itself where the operator wants it. */
export async function openBackground(
  accounts: Accounts,
  remote: RemoteRooms,
  config: Config,
  logger: Logger,
): Promise<{ close(): Promise<void> }> {
  const { autoAcceptInvites } = config.rooms;
  const invites = new AcceptInvites(remote, accounts, autoAcceptInvites);
  if (autoAcceptInvites.enabled) await invites.start();
  const jobs = new PeriodicJobs(upkeepJobs(accounts, remote.rooms, config), EVERY_MS, logger);
  return {
    close: async () => {
      await jobs.close();
      await invites.close();
    },
  };
}

/** What is forgotten after a while. */
function upkeepJobs(accounts: Accounts, rooms: Rooms, { upkeep }: Config): PeriodicJob[] {
  const { redactedKeptMs, addressesKeptMs, staleDevicesKeptMs } = upkeep;
  const jobs: PeriodicJob[] = [];
  const add = (
    name: string,
    keptMs: number | undefined,
    run: (beforeTs: number, signal: AbortSignal) => Promise<unknown>,
  ): void => {
    if (keptMs === undefined) return;
    jobs.push({
      name,
      run: async (signal) => {
        await run(accounts.now() - keptMs, signal);
      },
    });
  };
  add('redacted events', redactedKeptMs, (beforeTs, signal) =>
    pruneRedacted(rooms, beforeTs, signal),
  );
  add('addresses of devices', addressesKeptMs, (beforeTs) =>
    write(accounts.database, { statements: [forgetAddressesStatement(beforeTs)], positions: 0 }),
  );
  add('stale devices', staleDevicesKeptMs, (beforeTs, signal) =>
    deleteStaleDevices(accounts, beforeTs, signal),
  );
  return jobs;
}
