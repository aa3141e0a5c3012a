import type { Command } from 'commander';

/** A command of `npm run soma -- <name>`. */
export interface CliCommand {
  readonly name: string;
  readonly summary: string;
  /** Adds arguments, options and the action. The action throws a StartRefusal to exit with 1. */
  configure(command: Command): void;
}
