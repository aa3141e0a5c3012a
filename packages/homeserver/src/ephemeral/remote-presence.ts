import { remotePresenceMs } from './limits.ts';
import type { PresenceState } from './presence-devices.ts';

/** What another server says of one of its users. Times are in ms since the Unix epoch. */
export interface SaidPresence {
  readonly presence: PresenceState;
  readonly lastActiveTs: number | undefined;
  readonly isCurrentlyActive: boolean;
  readonly statusMessage: string | undefined;
}

/** The presence of a user of another server, whose word holds for a while. */
export class RemotePresence {
  readonly lastActiveTs: number | undefined;
  readonly #said: SaidPresence;
  readonly #untilTs: number;

  constructor(said: SaidPresence, now: number) {
    this.lastActiveTs = said.lastActiveTs;
    this.#said = said;
    this.#untilTs = now + remotePresenceMs;
  }

  at(now: number): { state: PresenceState; isActive: boolean } {
    if (now >= this.#untilTs) return { state: 'offline', isActive: false };
    const { presence: state, isCurrentlyActive } = this.#said;
    return { state, isActive: state === 'online' && isCurrentlyActive };
  }
}
