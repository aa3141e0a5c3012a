import { isJsonObject } from '@soma/protocol';
import type { JsonObject, JsonValue } from '@soma/protocol';

import { registerAccount } from '../../packages/homeserver/src/accounts/register-account.ts';
import type { SimulatedServer } from './simulated-server.ts';

export interface Answer {
  /** 0 where the server is down, or went away. */
  readonly status: number;
  readonly body: JsonObject;
}

/** The only device of each. */
export const DEVICE_ID = 'PHONE';

/** A user with a client, who asks the own server alone. */
export class Person {
  readonly userId: string;
  readonly server: SimulatedServer;
  readonly #token: string;
  readonly #note: (line: string) => void;
  #transactions = 0;

  private constructor(
    server: SimulatedServer,
    userId: string,
    token: string,
    note: (line: string) => void,
  ) {
    this.server = server;
    this.userId = userId;
    this.#token = token;
    this.#note = note;
  }

  static async register(
    server: SimulatedServer,
    username: string,
    note: (line: string) => void,
  ): Promise<Person> {
    const session = { deviceId: DEVICE_ID, deviceDisplayName: undefined };
    const { accounts } = server.services;
    const registered = await registerAccount(accounts, { username, password: undefined, session });
    const token = registered.session?.accessToken;
    if (token === undefined) throw new Error(`${username} has no session`);
    return new Person(server, registered.userId, token, note);
  }

  /** @param path below `/_matrix/client/v3`, parameters encoded */
  async ask(method: 'GET' | 'POST' | 'PUT', path: string, body?: JsonObject): Promise<Answer> {
    const request = {
      method,
      uri: `/_matrix/client/v3${path}`,
      headers: { authorization: `Bearer ${this.#token}`, 'content-type': 'application/json' },
      body: body === undefined ? undefined : JSON.stringify(body),
    };
    const answer = await this.server.askByClient(request);
    const parsed: JsonValue = JSON.parse(answer?.body.toString('utf8') || '{}');
    const status = answer?.status ?? 0;
    if (method !== 'GET') {
      const text = JSON.stringify(parsed);
      this.#note(`${this.userId} ${method} ${path} ${request.body ?? ''} = ${status} ${text}`);
    }
    return { status, body: isJsonObject(parsed) ? parsed : {} };
  }

  /** A transaction ID that this client has not used. */
  transactionId(): string {
    this.#transactions += 1;
    return `t${this.#transactions}`;
  }

  sendMessage(roomId: string, text: string): Promise<Answer> {
    const path = `${roomPath(roomId)}/send/m.room.message/${this.transactionId()}`;
    return this.ask('PUT', path, { msgtype: 'm.text', body: text });
  }

  setState(roomId: string, type: string, stateKey: string, content: JsonObject): Promise<Answer> {
    return this.ask('PUT', statePath(roomId, type, stateKey), content);
  }

  read(roomId: string, eventId: string): Promise<Answer> {
    const path = `${roomPath(roomId)}/receipt/m.read/${encodeURIComponent(eventId)}`;
    return this.ask('POST', path, {});
  }

  /** The content of a piece of state; empty where there is none. */
  async stateOf(roomId: string, type: string, stateKey = ''): Promise<JsonObject> {
    const { status, body } = await this.ask('GET', statePath(roomId, type, stateKey));
    return status === 200 ? body : {};
  }

  async joinVia(roomId: string, servers: readonly string[]): Promise<Answer> {
    const via = servers.map((server) => `via=${encodeURIComponent(server)}`).join('&');
    return this.ask('POST', `/join/${encodeURIComponent(roomId)}?${via}`, {});
  }
}

export function roomPath(roomId: string): string {
  return `/rooms/${encodeURIComponent(roomId)}`;
}

function statePath(roomId: string, type: string, stateKey: string): string {
  return `${roomPath(roomId)}/state/${type}/${encodeURIComponent(stateKey)}`;
}
