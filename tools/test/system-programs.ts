import { spawnSync } from 'node:child_process';
import { existsSync, globSync, rmSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';

/** A program that tests need and npm does not bring. */
export interface SystemProgram {
  readonly name: string;
  /** The folder that holds its programs, or undefined when it is not installed. */
  readonly find: () => string | undefined;
  readonly debianPackages: readonly string[];
  /** What someone does whose system is not Debian, or who is not root. */
  readonly advice: string;
}

export const postgres: SystemProgram = {
  name: 'PostgreSQL',
  find: () => findOnPath('initdb') ?? newestFolder('/usr/lib/postgresql/*/bin/initdb'),
  debianPackages: ['postgresql'],
  advice:
    'install a PostgreSQL server (Debian: apt-get install postgresql; elsewhere: with initdb on ' +
    'the PATH), or set SOMA_TEST_POSTGRES=postgres://user:password@host:port/postgres for a ' +
    'server whose user may create databases',
};

export const chromium: SystemProgram = {
  name: 'Chromium',
  find: () => findOnPath('chromium'),
  debianPackages: ['chromium'],
  advice:
    'install Chromium (Debian: apt-get install chromium; elsewhere: as chromium on the PATH), or ' +
    'set SOMA_TEST_CHROMIUM to the path of a Chromium or Chrome',
};

/** True where a missing program is installed rather than named. */
export function installsPrograms(): boolean {
  return process.getuid?.() === 0 && existsSync('/etc/debian_version');
}

/** Installs a program's Debian packages without starting any service they bring. */
export function installProgram(program: SystemProgram): void {
  console.log(`${program.name} is missing: installing ${program.debianPackages.join(', ')}`);
  withoutServiceStarts(() => {
    apt('update');
    apt('install', '--yes', '--no-install-recommends', ...program.debianPackages);
  });
}

function apt(...args: string[]): void {
  const options = ['-qq', '-o', 'Acquire::Retries=3', '-o', 'Dpkg::Use-Pty=0'];
  const { status, output, error } = spawnSync('apt-get', [...options, ...args], {
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  if (status !== 0) {
    const said = output?.join('') ?? '';
    throw new Error(`apt-get ${args.join(' ')} failed (exit code ${status}):\n${said}`, {
      cause: error,
    });
  }
}

/** Debian asks this script, where it exists, before a package starts its service. */
const servicePolicy = '/usr/sbin/policy-rc.d';

function withoutServiceStarts(install: () => void): void {
  if (existsSync(servicePolicy)) {
    install();
    return;
  }
  writeFileSync(servicePolicy, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
  try {
    install();
  } finally {
    rmSync(servicePolicy);
  }
}

function findOnPath(program: string): string | undefined {
  const folders = (process.env['PATH'] ?? '').split(delimiter);
  return folders.find((folder) => folder !== '' && existsSync(join(folder, program)));
}

function newestFolder(pattern: string): string | undefined {
  const byVersion = new Intl.Collator('en', { numeric: true }).compare;
  const newest = globSync(pattern).toSorted(byVersion).at(-1);
  return newest === undefined ? undefined : dirname(newest);
}
