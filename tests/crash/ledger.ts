import { randomUUID } from 'node:crypto';

import { pathOf, type Response } from '../harness/api.ts';
import type { TestUser } from '../harness/client.ts';
import { textAt } from '../harness/json-path.ts';

const base = '/_matrix/client/v3';

/** A message that was sent, with the answer where one came. */
export interface SentMessage {
  readonly user: TestUser;
  readonly roomId: string;
  readonly transactionId: string;
  /** Undefined while no answer has come: it may be there or not. */
  eventId: string | undefined;
}

/** A value that one worker alone sets again and again: the answered one, and the one under way. */
export interface OwnedValue {
  answered: string | undefined;
  asked: string | undefined;
}

/** What clients were told, kept through all crashes, to be compared with what the server has. */
export class Ledger {
  readonly messages: SentMessage[] = [];
  /** By room and state key. */
  readonly states = new Map<string, OwnedValue>();
  /** By room and user. */
  readonly memberships = new Map<string, OwnedValue>();
  /** By room and user: the event of the receipt. */
  readonly receipts = new Map<string, OwnedValue>();

  /** Sends a message; its body is its transaction ID. */
  async send(user: TestUser, roomId: string): Promise<void> {
    const sent = { user, roomId, transactionId: randomUUID(), eventId: undefined };
    this.messages.push(sent);
    await sendAgain(sent);
  }

  async setState(user: TestUser, roomId: string): Promise<void> {
    const value = randomUUID();
    await this.#set(this.states, `${roomId}|${user.userId}`, value, () =>
      user.request('PUT', base + pathOf`/rooms/${roomId}/state/test.value/${user.userId}`, {
        body: { value },
      }),
    );
  }

  /** Leaves the room when the user is in it, else joins it. */
  async toggleMembership(user: TestUser, roomId: string): Promise<void> {
    const key = `${roomId}|${user.userId}`;
    const wanted = this.memberships.get(key)?.asked === 'join' ? 'leave' : 'join';
    await this.#set(this.memberships, key, wanted, () =>
      user.request('POST', base + pathOf`/rooms/${roomId}/${wanted}`, { body: {} }),
    );
  }

  /** Says that the newest answered message of the room is read. */
  async sendReceipt(user: TestUser, roomId: string): Promise<void> {
    const last = this.messages.findLast((one) => one.roomId === roomId && one.eventId);
    const eventId = last?.eventId;
    if (eventId === undefined) return;
    await this.#set(this.receipts, `${roomId}|${user.userId}`, eventId, () =>
      user.request('POST', base + pathOf`/rooms/${roomId}/receipt/m.read/${eventId}`, { body: {} }),
    );
  }

  async #set(
    values: Map<string, OwnedValue>,
    key: string,
    wanted: string,
    request: () => Promise<Response>,
  ): Promise<void> {
    const value = values.get(key) ?? { answered: undefined, asked: undefined };
    values.set(key, value);
    value.asked = wanted;
    expectOk(await request());
    value.answered = wanted;
  }
}

/** Sends, or repeats with the same transaction ID; throws when there is no answer. */
export async function sendAgain(sent: SentMessage): Promise<string> {
  const { user, roomId, transactionId } = sent;
  const path = pathOf`/rooms/${roomId}/send/m.room.message/${transactionId}`;
  const body = { msgtype: 'm.text', body: transactionId };
  const answer = await user.request('PUT', base + path, { body });
  expectOk(answer);
  const eventId = textAt(answer.body, 'event_id');
  sent.eventId ??= eventId;
  return eventId;
}

/** An answer of the server that is not a success; a lost connection is another error. */
export class WrongAnswer extends Error {}

function expectOk({ status, body }: Response): void {
  if (status !== 200) throw new WrongAnswer(`${status} ${JSON.stringify(body)}`);
}
