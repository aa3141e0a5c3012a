import { isLocalUser } from '../ephemeral/is-local-user.ts';
import type { Typing } from '../ephemeral/typing.ts';
import type { Names } from '../storage/names-store.ts';
import type { FederationSender } from './federation-sender.ts';
import { typingRepeatMs } from './limits.ts';
import type { ServersAlongLog } from './servers-along-log.ts';

export interface TypingEdusOptions {
  readonly typing: Pick<Typing, 'onChange' | 'usersTyping'>;
  readonly rooms: Names;
  readonly servers: ServersAlongLog;
  readonly sender: Pick<FederationSender, 'deliverEphemeral'>;
  readonly serverName: string;
  readonly reportFault: (error: unknown) => void;
}

/** Tells the other servers in a room who of this one types there (SS API, "Typing Notifications"). */
export class TypingEdus {
  readonly #options: TypingEdusOptions;
  /** By room, the users of whom others were told last that they type. */
  readonly #told = new Map<number, ReadonlySet<string>>();
  readonly #repeating: NodeJS.Timeout;
  #telling: Promise<void> = Promise.resolve();

  constructor(options: TypingEdusOptions) {
    this.#options = options;
    options.typing.onChange((roomNid) => this.#onChange(roomNid));
    this.#repeating = setInterval(() => this.#repeat(), typingRepeatMs);
    this.#repeating.unref();
  }

  close(): void {
    clearInterval(this.#repeating);
  }

  #onChange(roomNid: number): void {
    const { typing, serverName } = this.#options;
    const before = this.#told.get(roomNid) ?? new Set<string>();
    const now = new Set(
      typing.usersTyping(roomNid).filter((userId) => isLocalUser(userId, serverName)),
    );
    if (now.size === 0) this.#told.delete(roomNid);
    else this.#told.set(roomNid, now);
    const started = [...now].filter((userId) => !before.has(userId));
    const stopped = [...before].filter((userId) => !now.has(userId));
    this.#tell(roomNid, started, true);
    this.#tell(roomNid, stopped, false);
  }

  #repeat(): void {
    for (const [roomNid, users] of this.#told) this.#tell(roomNid, [...users], true);
  }

  /** One after the other, so that nobody is told of the stop before the start. */
  #tell(roomNid: number, users: readonly string[], isTyping: boolean): void {
    if (users.length === 0) return;
    const { rooms, servers, sender, reportFault } = this.#options;
    this.#telling = this.#telling
      .then(async () => {
        const others = await servers.othersIn(roomNid);
        if (others.length === 0) return;
        const roomId = await rooms.text(roomNid);
        for (const userId of users) {
          const content = { room_id: roomId, user_id: userId, typing: isTyping };
          const key = JSON.stringify([roomNid, userId]);
          for (const other of others) sender.deliverEphemeral(other, 'm.typing', key, content);
        }
      })
      .catch(reportFault);
  }
}
