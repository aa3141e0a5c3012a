import type { UsageLimitsConfig } from '../config/config.ts';
import { MatrixError } from '../errors/matrix-error.ts';
import { write } from '../storage/database.ts';
import type { Database } from '../storage/database.ts';
import { readAccount } from './account-store.ts';
import { noteActiveUserStatements, readActiveUsers } from './active-user-store.ts';

const DAY_MS = 24 * 60 * 60_000;
const MONTH_MS = 30 * DAY_MS;
/** Who was noted so recently is not noted again. */
const NOTE_EVERY_MS = 60 * 60_000;

interface LimitParts {
  readonly config: UsageLimitsConfig;
  readonly adminContact: string | undefined;
  readonly database: Database;
  readonly now: () => number;
}

/** How many users may use the server within 30 days, and whether it may be used at all. */
export class UsageLimit {
  readonly #parts: LimitParts;
  /** When each user was last noted to be active. */
  #active: Promise<Map<number, number>> | undefined;

  constructor(parts: LimitParts) {
    this.#parts = parts;
  }

  /** Whether anybody is ever refused. */
  get isSet(): boolean {
    const { isDisabled, limitsActiveUsers } = this.#parts.config;
    return isDisabled || limitsActiveUsers;
  }

  /**
   * Lets a user go on, who is then active. Throws `403 M_RESOURCE_LIMIT_EXCEEDED`.
   *
   * @param counts false for one who only comes, and may not stay
   */
  async admit(userNid: number, counts = true): Promise<void> {
    const { config, database, now } = this.#parts;
    if (config.isDisabled) throw this.#refusal(config.disabledMessage, 'hs_disabled');
    if (!config.limitsActiveUsers) return;
    const since = now() - MONTH_MS;
    this.#active ??= readActiveUsers(database.reader, since);
    const active = await this.#active;
    const seenTs = active.get(userNid) ?? 0;
    if (seenTs < since) {
      if (await this.#isOnTrial(userNid)) return;
      for (const [nid, ts] of active) if (ts < since) active.delete(nid);
      if (active.size >= config.activeUsersMax) {
        throw this.#refusal('Monthly Active User Limit Exceeded', 'monthly_active_user');
      }
    }
    if (!counts || now() - seenTs < NOTE_EVERY_MS) return;
    active.set(userNid, now());
    const statements = noteActiveUserStatements(userNid, now(), since);
    await write(database, { statements, positions: 0 });
  }

  async #isOnTrial(userNid: number): Promise<boolean> {
    const { config, database, now } = this.#parts;
    if (config.trialDays === 0) return false;
    const account = await readAccount(database.reader, userNid);
    return account === undefined || account.createdTs > now() - config.trialDays * DAY_MS;
  }

  #refusal(message: string, limitType: string): MatrixError {
    const { adminContact } = this.#parts;
    return new MatrixError(403, 'M_RESOURCE_LIMIT_EXCEEDED', message, {
      ...(adminContact === undefined ? {} : { admin_contact: adminContact }),
      limit_type: limitType,
    });
  }
}
