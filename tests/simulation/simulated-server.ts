import { mkdirSync } from 'node:fs';
import type { RequestListener } from 'node:http';
import { join } from 'node:path';

import type { Config } from '../../packages/homeserver/src/config/config.ts';
import { configFrom } from '../../packages/homeserver/src/config/parse-config.ts';
import { edgeOptions } from '../../packages/homeserver/src/edge-options.ts';
import { handlerOf } from '../../packages/homeserver/src/http/listen.ts';
import { openServices } from '../../packages/homeserver/src/open-services.ts';
import type { OpenedServices } from '../../packages/homeserver/src/open-services.ts';
import type { Database } from '../../packages/homeserver/src/storage/database.ts';
import { migrateSqlite } from '../../packages/homeserver/src/storage/dialect/sqlite/migrate-sqlite.ts';
import { SqliteDatabase } from '../../packages/homeserver/src/storage/dialect/sqlite/sqlite-database.ts';
import { createLogger } from '../../packages/homeserver/src/telemetry/logger.ts';
import { answerRequest } from './answer-request.ts';
import type { PlainAnswer, PlainRequest } from './answer-request.ts';
import type { Transport } from './network.ts';
import { Random } from './random.ts';
import { SimulatedWriter } from './simulated-writer.ts';
import type { VirtualTime } from './virtual-time.ts';

export interface ServerParts {
  readonly name: string;
  readonly folder: string;
  readonly seed: string;
  readonly time: VirtualTime;
  readonly transport: (isThere: () => boolean) => Transport;
  /** Is told of each line of the log at `error`. */
  readonly reportFault: (line: string) => void;
}

/** One life of a server, from its start to its stop. */
interface Life {
  isOver: boolean;
  /** Resolves when it is over. */
  readonly end: PromiseWithResolvers<undefined>;
  /** Requests that are not answered. */
  running: number;
  readonly writer: SimulatedWriter;
  readonly opened: OpenedServices;
  readonly handler: RequestListener;
}

/** As a real one, and how often it looks. */
const stopGraceMs = 10_000;
const idleCheckMs = 25;

const unlimited = { per_second: 1_000_000, burst_count: 1_000_000 };

/** A whole homeserver on a database of its own, without sockets; it can be stopped, killed and started again. */
export class SimulatedServer {
  readonly name: string;
  readonly #parts: ServerParts;
  readonly #config: Config;
  #life: Life | undefined;
  #lives = 0;

  constructor(parts: ServerParts) {
    this.name = parts.name;
    this.#parts = parts;
    this.#config = configFrom(optionsOf(parts)).config;
  }

  get isUp(): boolean {
    return this.#life !== undefined;
  }

  /** Throws where it is down. */
  get database(): Database {
    return this.#opened.services.accounts.database;
  }

  get services(): OpenedServices['services'] {
    return this.#opened.services;
  }

  get #opened(): OpenedServices {
    if (this.#life === undefined) throw new Error(`${this.name} is down`);
    return this.#life.opened;
  }

  async start(): Promise<void> {
    const { name, time, seed } = this.#parts;
    this.#lives += 1;
    const random = new Random(`${seed} ${name} ${this.#lives}`);
    const state = { isOver: false, end: Promise.withResolvers<undefined>(), running: 0 };
    await time.actAs(state, () => this.#open(state, random));
  }

  async #open(state: Pick<Life, 'isOver' | 'end' | 'running'>, random: Random): Promise<void> {
    const { name, folder, time, transport } = this.#parts;
    const config = this.#config;
    const { logger } = createLogger({
      level: 'error',
      destination: {
        write: (line) => {
          if (!state.isOver) this.#parts.reportFault(`${name}: ${line.trim()}`);
        },
      },
    });
    let writer: SimulatedWriter | undefined;
    const opened = await openServices(config, logger, {
      transport: transport(() => !state.isOver),
      openDatabase: async () => {
        mkdirSync(folder, { recursive: true });
        const path = databasePath(folder);
        const identity = await migrateSqlite(path, name);
        writer = new SimulatedWriter(path, time, random);
        return new SqliteDatabase(path, identity, writer);
      },
    });
    if (writer === undefined) throw new Error('the server has opened no database');
    const listener = { xForwarded: false, resources: ['client', 'federation'] as const };
    const handler = handlerOf(listener, edgeOptions(config, logger, opened));
    this.#life = Object.assign(state, { writer, opened, handler });
  }

  /** Answers what it was asked, as far as that does not take too long, and stops. */
  async stop(): Promise<void> {
    const life = this.#life;
    if (life === undefined) return;
    this.#life = undefined;
    const { time } = this.#parts;
    const deadlineMs = time.nowMs + stopGraceMs;
    await time.actAs(life, async () => {
      while (life.running > 0 && time.nowMs < deadlineMs) await time.sleep(idleCheckMs);
      await life.opened.close();
    });
    life.isOver = true;
    time.callOff(life);
    life.end.resolve(undefined);
  }

  /** Stops at once, as when the process is killed. */
  kill(): void {
    const life = this.#life;
    if (life === undefined) return;
    this.#life = undefined;
    life.isOver = true;
    life.writer.cut();
    this.#parts.time.callOff(life);
    life.end.resolve(undefined);
  }

  /** For a client, whose connection ends with the server; undefined then, and where it is down. */
  askByClient(request: PlainRequest): Promise<PlainAnswer | undefined> {
    const life = this.#life;
    return Promise.race([this.ask(request), life?.end.promise]);
  }

  /** For another server, which waits in vain when this one ends; undefined where it is down. */
  ask(request: PlainRequest): Promise<PlainAnswer | undefined> | undefined {
    const life = this.#life;
    if (life === undefined) return undefined;
    life.running += 1;
    return this.#parts.time
      .actAs(life, () => answerRequest(life.handler, request))
      .then((answer) => {
        life.running -= 1;
        return life.isOver ? undefined : answer;
      });
  }
}

function databasePath(folder: string): string {
  return join(folder, 'homeserver.db');
}

function optionsOf({ name, folder, seed }: ServerParts): Record<string, unknown> {
  const key = new Random(`${seed} key of ${name}`).bytes(32).toString('base64').replace('=', '');
  return {
    server_name: name,
    database: { name: 'sqlite3', args: { database: databasePath(folder) } },
    media_store_path: join(folder, 'media'),
    enable_media_repo: false,
    signing_key: `ed25519 a_1 ${key}`,
    macaroon_secret_key: 'secret',
    trusted_key_servers: [],
    presence: { enabled: false },
    enable_search: false,
    allow_device_name_lookup_over_federation: true,
    destination_min_retry_interval: '30s',
    destination_max_retry_interval: '5m',
    rc_message: unlimited,
    rc_registration: unlimited,
    rc_login: { address: unlimited, account: unlimited, failed_attempts: unlimited },
    rc_joins: { local: unlimited, remote: unlimited },
    rc_joins_per_room: unlimited,
    rc_invites: { per_room: unlimited, per_user: unlimited, per_issuer: unlimited },
    rc_room_creation: unlimited,
  };
}
