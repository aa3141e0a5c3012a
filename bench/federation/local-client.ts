import { textAt } from '../../tests/harness/json-path.ts';
import { expectOk } from '../load/expect-ok.ts';
import { HttpConnection } from '../load/http-connection.ts';
import { messageContent } from '../load/message-content.ts';
import { requestText } from '../load/request-text.ts';

const base = '/_matrix/client/v3';

/** A user of the server that is measured, over one connection: one request at a time. */
export class LocalClient {
  readonly #connection: HttpConnection;
  readonly #token: string;
  /** Of all clients: some have one token. */
  static #sends = 0;

  private constructor(connection: HttpConnection, token: string) {
    this.#connection = connection;
    this.#token = token;
  }

  static async register(port: number, username: string): Promise<LocalClient> {
    const connection = new HttpConnection(port);
    const body = JSON.stringify({
      username,
      password: 'correct horse battery staple',
      auth: { type: 'm.login.dummy' },
    });
    const text = requestText('POST', `${base}/register`, port, undefined, body);
    const answer = await connection.request(text);
    expectOk(answer, 'a registration');
    const token = textAt(JSON.parse(answer.body.toString()), 'access_token');
    return new LocalClient(connection, token);
  }

  /** The same user over a new connection. */
  again(): LocalClient {
    return new LocalClient(new HttpConnection(this.#connection.port), this.#token);
  }

  async createRoom(): Promise<string> {
    return textAt(await this.#call('POST', '/createRoom', { preset: 'public_chat' }), 'room_id');
  }

  async join(roomId: string, via: string): Promise<void> {
    await this.#call('POST', `/join/${encodeURIComponent(roomId)}?server_name=${via}`, {});
  }

  /** Resolves to the ID of the event. */
  async send(roomId: string): Promise<string> {
    LocalClient.#sends += 1;
    const path = `/rooms/${encodeURIComponent(roomId)}/send/m.room.message/${LocalClient.#sends}`;
    const content: object = JSON.parse(messageContent);
    return textAt(await this.#call('PUT', path, content), 'event_id');
  }

  /** Whether the event has its place in the room. */
  has(roomId: string, eventId: string): Promise<boolean> {
    return this.#isThere(
      `/rooms/${encodeURIComponent(roomId)}/event/${encodeURIComponent(eventId)}`,
    );
  }

  /** Whether the room's state has this member. */
  hasMember(roomId: string, userId: string): Promise<boolean> {
    const key = encodeURIComponent(userId);
    return this.#isThere(`/rooms/${encodeURIComponent(roomId)}/state/m.room.member/${key}`);
  }

  close(): void {
    this.#connection.close();
  }

  async #isThere(path: string): Promise<boolean> {
    const text = requestText('GET', `${base}${path}`, this.#connection.port, this.#token);
    const answer = await this.#connection.request(text);
    // 503 while the members of the room are still being learned.
    if (answer.status !== 404 && answer.status !== 503) expectOk(answer, path);
    return answer.status === 200;
  }

  async #call(method: 'POST' | 'PUT', path: string, body: object): Promise<unknown> {
    const { port } = this.#connection;
    const text = requestText(method, `${base}${path}`, port, this.#token, JSON.stringify(body));
    const answer = await this.#connection.request(text);
    expectOk(answer, `${method} ${path}`);
    return JSON.parse(answer.body.toString());
  }
}
