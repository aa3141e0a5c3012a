import pg from 'pg';

import { PREDECESSOR } from '../../change.ts';
import type { Change, ChangeKind, Guard, Outcome } from '../../change.ts';
import type { Committed } from '../../database.ts';
import { PositionRef, SignedText, query } from '../../sql.ts';
import type { SqlParam, SqlValue, Statement } from '../../sql.ts';
import type { BatchOutcome, BatchResult, BatchWriter, QueuedChange } from '../../write-queue.ts';
import { preparedQuery } from './postgres-connection.ts';

/**
 * Takes the clock's row lock for the batch, so positions become visible in commit order; gives no row when
 * another process has taken over (DATA-MODEL: One clock, Ownership).
 */
const takePositions = query<{ position: number }>(
  `update clock set position = position + ? where one = 1
     and exists (select 1 from leases where kind = 'process' and shard = 0 and epoch = ?)
   returning position`,
);
const readPosition = query<{ position: number }>('select position from clock where one = 1');
const readLog = query(
  'select position, kind, subject from changes where position > ? order by position',
);
const insertTouches = query(
  `insert into changes (position, kind, subject)
   select * from unnest(?::bigint[], ?::smallint[], ?::bigint[]) on conflict do nothing`,
);

/** This process no longer owns the database: another one has started on it. */
export class LeaseLost extends Error {
  constructor() {
    super('another Soma has taken over this database; this one stops writing');
    this.name = 'LeaseLost';
  }
}

/** One pipelined connection that commits a batch of changes at a time. */
export class PostgresWriter implements BatchWriter {
  readonly #config: pg.ClientConfig;
  readonly #epoch: number;
  readonly #fallen = new Set<number>();
  #client: Promise<pg.Client> | undefined;
  /** Everything up to here this process was told of. */
  #position: number;
  /** A connection went, and maybe an answer with it: what it was about may be committed nevertheless. */
  #isUncertain = false;
  /** Batches go one after the other: each starts when the one before has its answer. */
  #turn: Promise<unknown> = Promise.resolve();

  constructor(config: pg.ClientConfig, epoch: number, position: number) {
    this.#config = { ...config, pipeline: true };
    this.#epoch = epoch;
    this.#position = position;
  }

  apply(batch: readonly QueuedChange[]): Promise<BatchOutcome> {
    const result = this.#turn.then(() => this.#applyInTurn(batch));
    this.#turn = result.catch(() => undefined);
    return result;
  }

  async close(): Promise<void> {
    await this.#turn;
    const client = await this.#client?.catch(() => undefined);
    await client?.end();
  }

  async #applyInTurn(batch: readonly QueuedChange[]): Promise<BatchOutcome> {
    try {
      const client = await this.#connected();
      const missed = this.#isUncertain ? await readCommitted(client, this.#position) : [];
      const outcome = await this.#commitWhatHolds(client, batch);
      this.#isUncertain = false;
      this.#position = Math.max(this.#position, outcome.position);
      return { ...outcome, missed };
    } catch (error) {
      // Without a connection nothing tells what was committed: what builds on this batch is to be read again.
      this.#isUncertain = true;
      for (const queued of batch) this.#fall(queued.serial);
      throw error;
    }
  }

  async #commitWhatHolds(client: pg.Client, batch: readonly QueuedChange[]): Promise<BatchOutcome> {
    try {
      return await this.#commit(client, batch);
    } catch (error) {
      if (!(error instanceof pg.DatabaseError)) throw error;
      return this.#commitOneByOne(client, batch);
    }
  }

  /** After an unexpected error: each change in a commit of its own, so that one bad change harms no other. */
  async #commitOneByOne(client: pg.Client, batch: readonly QueuedChange[]): Promise<BatchOutcome> {
    const results: BatchResult[] = [];
    let position = 0;
    for (const queued of batch) {
      try {
        const single = await this.#commit(client, [queued]);
        results.push(...single.results);
        position = Math.max(position, single.position);
      } catch (error) {
        if (!(error instanceof pg.DatabaseError)) throw error;
        this.#fall(queued.serial);
        results.push({ outcome: 'failed', error });
      }
    }
    return { results, position };
  }

  async #commit(client: pg.Client, batch: readonly QueuedChange[]): Promise<BatchOutcome> {
    const wanted = batch.reduce((sum, { change }) => sum + change.positions, 0);
    const pipeline = new Pipeline(client);
    try {
      const begun = client.query('begin');
      begun.catch(() => undefined);
      const clock =
        wanted > 0
          ? await client.query<{ position: number }>(
              preparedQuery(takePositions, [wanted, this.#epoch]),
            )
          : await client.query<{ position: number }>(preparedQuery(readPosition, []));
      const position = clock.rows[0]?.position;
      if (position === undefined) throw new LeaseLost();
      const results = await this.#send(pipeline, batch, position - wanted);
      await pipeline.settled();
      await client.query('commit');
      return { results: results.map((result) => result()), position };
    } catch (error) {
      await pipeline.settled().catch(() => undefined);
      await client.query('rollback');
      throw error;
    }
  }

  /** Sends every statement; waits only where a guard's answer decides what is sent next. */
  async #send(
    pipeline: Pipeline,
    batch: readonly QueuedChange[],
    before: number,
  ): Promise<(() => Outcome)[]> {
    let position = before;
    const results: (() => Outcome)[] = [];
    const touches: TouchColumns = { positions: [], kinds: [], subjects: [] };
    const independent = await readIndependentGuards(pipeline, batch);
    for (const { serial, change } of batch) {
      const first = change.positions > 0 ? position + 1 : 0;
      const refusedBy = await this.#refusal(pipeline, change, first, independent);
      if (refusedBy !== undefined) {
        this.#fall(serial);
        results.push(() => ({ outcome: 'refused', guard: refusedBy }));
        continue;
      }
      position += change.positions;
      addTouches(touches, change, first);
      const rows = sendStatements(pipeline, change, first);
      results.push(() => ({ outcome: 'applied', position: first, rows: rows.map((get) => get()) }));
    }
    if (touches.positions.length > 0) {
      pipeline.sendRaw({
        ...preparedQuery(insertTouches, []),
        values: [touches.positions, touches.kinds, touches.subjects],
      });
    }
    return results;
  }

  async #refusal(
    pipeline: Pipeline,
    change: Change,
    first: number,
    independent: ReadonlyMap<Guard, () => Rows>,
  ): Promise<string | undefined> {
    if (change.buildsOn !== undefined && this.#fallen.has(change.buildsOn)) return PREDECESSOR;
    for (const guard of change.guards ?? []) {
      let rows = independent.get(guard);
      if (rows === undefined) {
        rows = pipeline.send(guard.check, first);
        await pipeline.settled();
      }
      if (rows().length > 0 !== (guard.expect === 'exists')) return guard.name;
    }
    return undefined;
  }

  #fall(serial: number): void {
    this.#fallen.add(serial);
    if (this.#fallen.size <= FALLEN_MAX) return;
    const [oldest] = this.#fallen;
    if (oldest !== undefined) this.#fallen.delete(oldest);
  }

  #connected(): Promise<pg.Client> {
    this.#client ??= this.#connect();
    return this.#client;
  }

  async #connect(): Promise<pg.Client> {
    this.#isUncertain = true;
    const client = new pg.Client(this.#config);
    const lost = (): void => {
      this.#client = undefined;
    };
    client.on('error', lost);
    client.on('end', lost);
    try {
      await client.connect();
    } catch (error) {
      this.#client = undefined;
      throw error;
    }
    return client;
  }
}

/** What the log has above a position, as changes that only say what they touched. */
async function readCommitted(client: pg.Client, position: number): Promise<Committed[]> {
  const { rows } = await client.query<{ position: number; kind: ChangeKind; subject: number }>(
    preparedQuery(readLog, [position]),
  );
  return rows.map(({ position: at, kind, subject }) => ({
    position: at,
    change: { statements: [], positions: 1, touches: [{ kind, subject }] },
  }));
}

/** A head that builds on a fallen change is reloaded at once, so that few need to be remembered. */
const FALLEN_MAX = 10_000;

type Rows = Record<string, unknown>[];

/** Queries sent without waiting; {@link settled} waits for all of them and throws the first error. */
class Pipeline {
  readonly #client: pg.Client;
  #sent: Promise<unknown>[] = [];

  constructor(client: pg.Client) {
    this.#client = client;
  }

  /** Sends a statement; what it returns gives the rows once {@link settled} has resolved. */
  send(statement: Statement, first: number): () => Rows {
    const values = statement.params.map((param) => resolveParam(param, first));
    return this.sendRaw(preparedQuery(statement.query, values));
  }

  sendRaw(config: pg.QueryConfig): () => Rows {
    let rows: Rows = [];
    this.#sent.push(
      this.#client.query<Record<string, unknown>>(config).then((result) => {
        rows = result.rows;
      }),
    );
    return () => rows;
  }

  async settled(): Promise<void> {
    const sent = this.#sent;
    this.#sent = [];
    const outcomes = await Promise.allSettled(sent);
    for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
  }
}

/** The answers of guards that no change of the batch decides, all in one round trip. */
async function readIndependentGuards(
  pipeline: Pipeline,
  batch: readonly QueuedChange[],
): Promise<Map<Guard, () => Rows>> {
  const answers = new Map<Guard, () => Rows>();
  for (const { change } of batch) {
    for (const guard of change.guards ?? []) {
      if (guard.isIndependent === true) answers.set(guard, pipeline.send(guard.check, 0));
    }
  }
  if (answers.size > 0) await pipeline.settled();
  return answers;
}

interface TouchColumns {
  readonly positions: number[];
  readonly kinds: number[];
  readonly subjects: number[];
}

function addTouches(columns: TouchColumns, change: Change, first: number): void {
  for (const touch of change.touches ?? []) {
    columns.positions.push(first);
    columns.kinds.push(touch.kind);
    columns.subjects.push(touch.subject);
  }
}

function sendStatements(pipeline: Pipeline, change: Change, first: number): (() => Rows)[] {
  const rows: (() => Rows)[] = [];
  for (const [index, statement] of change.statements.entries()) {
    const get = pipeline.send(statement, first);
    if (change.returning?.includes(index) === true) rows.push(get);
  }
  return rows;
}

function resolveParam(param: SqlParam, first: number): SqlValue {
  if (param instanceof PositionRef) return first + param.offset;
  return param instanceof SignedText ? param.text : param;
}
