import { Option } from 'commander';

import { largestFirst, mediaReport } from '../media/media-report.ts';
import { mediaByRoom } from '../rooms/media-by-room.ts';
import { internedNames } from '../storage/names-store.ts';
import type { CliCommand } from './cli-command.ts';
import { addStoppedServer, openStoppedServer } from './stopped-server-options.ts';
import type { StoppedServerFlags } from './stopped-server-options.ts';
import { usageTable } from './usage-table.ts';

interface Flags extends StoppedServerFlags {
  readonly json?: true;
}

const ENTRIES_MAX = 20;

const titles = {
  totals: 'All media',
  users: 'By user',
  rooms: 'By room',
  types: 'By type',
  ages: 'By age',
} as const;

export const mediaReportCommand: CliCommand = {
  name: 'media-report',
  summary: 'Print how much media a stopped server holds, by user, room, type and age.',
  configure: (command) =>
    void addStoppedServer(command)
      .addOption(new Option('--json', 'print it as JSON'))
      .action(report),
};

async function report(flags: Flags): Promise<void> {
  const { database, serverName, close } = await openStoppedServer(flags);
  try {
    const names = internedNames(database, 1);
    const { totals, users, types, ages } = await mediaReport(database, Date.now(), ENTRIES_MAX);
    const byRoom = await mediaByRoom({ database, names, serverName });
    const rooms = largestFirst(byRoom).slice(0, ENTRIES_MAX);
    const found = { totals, users, rooms, types, ages };
    process.stdout.write(flags.json === true ? asJson(found) : asTables(found));
  } finally {
    await close();
  }
}

type Found = Readonly<Record<keyof typeof titles, Parameters<typeof usageTable>[1]>>;

function asJson(found: Found): string {
  return `${JSON.stringify(found, null, 2)}\n`;
}

function asTables({ totals, users, rooms, types, ages }: Found): string {
  return [
    usageTable(titles.totals, totals),
    usageTable(titles.users, users),
    usageTable(titles.rooms, rooms),
    usageTable(titles.types, types),
    usageTable(titles.ages, ages),
  ].join('\n');
}
