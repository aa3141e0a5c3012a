import { inParallel } from '../in-parallel.ts';
import { expectOk } from './expect-ok.ts';
import { HttpConnection } from './http-connection.ts';
import { requestText } from './request-text.ts';

/** Members are loaded lazily, as clients do it. */
const filter = JSON.stringify({ room: { state: { lazy_load_members: true } } });
const path = `/_matrix/client/v3/sync?filter=${encodeURIComponent(filter)}`;
/** So many first syncs run at once. */
const beginningAtOnceMax = 16;
const waitMs = 30_000;
const tokenPattern = /"next_batch":"([^"]+)"/;

/** Makes a client for each token, all of which have had their first sync. */
export async function beginSyncs(port: number, tokens: readonly string[]): Promise<SyncClient[]> {
  const clients = tokens.map((token) => new SyncClient(port, token));
  await inParallel(clients, beginningAtOnceMax, (client) => client.begin());
  return clients;
}

/** A device's `/sync` loop over one connection, one request at a time. */
export class SyncClient {
  readonly #connection: HttpConnection;
  readonly #token: string;
  #since = '';

  constructor(port: number, token: string) {
    this.#connection = new HttpConnection(port);
    this.#token = token;
  }

  /** The first sync, which does not wait. */
  async begin(): Promise<void> {
    await this.#sync(`${path}&timeout=0`);
  }

  /** Waits for what is new and gives the answer's body. */
  next(): Promise<Buffer> {
    return this.#sync(`${path}&timeout=${waitMs}&since=${encodeURIComponent(this.#since)}`);
  }

  close(): void {
    this.#connection.close();
  }

  async #sync(target: string): Promise<Buffer> {
    const { port } = this.#connection;
    const answer = await this.#connection.request(requestText('GET', target, port, this.#token));
    expectOk(answer, 'a sync');
    const since = tokenPattern.exec(answer.body.toString('latin1'))?.[1];
    if (since === undefined) throw new Error('a sync gave no next_batch');
    this.#since = since;
    return answer.body;
  }
}
