import { expectOk } from '../load/expect-ok.ts';
import { HttpConnection } from '../load/http-connection.ts';
import { requestText } from '../load/request-text.ts';

/** Connections for setting a server up through its API, used by many workers at once. */
export class MatrixClients {
  readonly port: number;
  readonly #connections = new Map<number, HttpConnection>();

  constructor(port: number) {
    this.port = port;
  }

  /** A request over the worker's own connection; gives the JSON of a 200 answer, else throws. */
  async call(
    worker: number,
    method: 'GET' | 'POST' | 'PUT',
    path: string,
    token?: string,
    body?: object,
  ): Promise<unknown> {
    const payload = body === undefined ? undefined : JSON.stringify(body);
    const text = requestText(method, path, this.port, token, payload);
    const answer = await this.#connection(worker).request(text);
    expectOk(answer, `${method} ${path}`);
    return JSON.parse(answer.body.toString());
  }

  close(): void {
    for (const connection of this.#connections.values()) connection.close();
  }

  #connection(worker: number): HttpConnection {
    const found = this.#connections.get(worker);
    if (found !== undefined) return found;
    const made = new HttpConnection(this.port);
    this.#connections.set(worker, made);
    return made;
  }
}
