import { expectOk } from './expect-ok.ts';
import { HttpConnection } from './http-connection.ts';
import { requestText } from './request-text.ts';

const path = '/_matrix/client/v3/sync';
const waitMs = 30_000;
const tokenPattern = /"next_batch":"([^"]+)"/;

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
    await this.#sync(`${path}?timeout=0`);
  }

  /** Waits for what is new and gives the answer's body. */
  next(): Promise<Buffer> {
    return this.#sync(`${path}?timeout=${waitMs}&since=${encodeURIComponent(this.#since)}`);
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
