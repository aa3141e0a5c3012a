import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';

import fc from 'fast-check';

import { api, type Response } from '../harness/api.ts';
import {
  createRoom,
  inviteUser,
  joinRoom,
  registerUser,
  sendEvent,
  sendText,
  sync,
  type TestUser,
} from '../harness/client.ts';
import type { TestEngine } from '../harness/engines.ts';
import { startHomeserver, type TestHomeserver } from '../harness/homeserver-process.ts';
import { textAt, valueAt } from '../harness/json-path.ts';
import { runCli } from '../harness/run-cli.ts';
import { servedEndpoints } from '../harness/served-endpoints.ts';
import { requestsOf, type FuzzRequest, type KnownValues } from './request-arbitrary.ts';

/** So many endpoints share the rooms that requests may name, and may destroy. */
const endpointsPerPreparation = 3;
const requestsPerEndpoint = 25;
const endpointMsMax = 125;
const answerMsMax = 10_000;
const errorLine = /"level":(?:50|60)|\b(?:Unhandled|Uncaught)/;

/** Sends arbitrary requests to every endpoint of a server on that engine; a file of its own for each, to have the time. */
export function fuzzEndpoints(engine: TestEngine): void {
  describe(`whatever is sent to an endpoint (${engine.name})`, () => {
    let server: TestHomeserver;
    /** Takes part in none of it. */
    let witness: TestUser;
    let target: Target;
    before(async () => {
      server = await startHomeserver({ engine });
      witness = await registerUser(server, 'witness');
      target = new Target(server);
    });
    after(() => server.dispose());

    for (const endpoint of servedEndpoints) {
      test(`${endpoint.operationId} answers, and never with a fault of the server (${engine.name})`, async () => {
        const known = await target.prepare();
        // One request at least, however slow the machine is at the moment.
        const until = performance.now() + endpointMsMax;
        let sent = 0;
        const property = fc.asyncProperty(requestsOf(endpoint, known), async (request) => {
          if (sent > 0 && performance.now() > until) return;
          sent += 1;
          checkAnswer(await target.send(request), request);
        });
        await fc.assert(property, { numRuns: requestsPerEndpoint });
      });
    }

    test(`the server still serves, its log has no error, its database is sound (${engine.name})`, async () => {
      const roomId = await createRoom(witness);
      const eventId = await sendText(witness, roomId, 'still here');
      const { body } = await sync(witness);
      const events = valueAt(body, 'rooms', 'join', roomId, 'timeline', 'events');
      assert.ok(JSON.stringify(events).includes(eventId));
      await server.stop();
      const errors = server
        .logs()
        .split('\n')
        .filter((line) => errorLine.test(line));
      assert.deepEqual(errors, []);
      const config = join(server.folder, 'homeserver.yaml');
      const { code, out, err } = await runCli(['check-database', '-c', config]);
      assert.equal(code, 0, out + err);
    });
  });
}

function checkAnswer({ status, body }: Response, request: FuzzRequest): void {
  const told = `${status} ${JSON.stringify(body)} to ${JSON.stringify(request).slice(0, 2_000)}`;
  // 502 and 504 are faults of other servers, of which the requests name some.
  assert.ok(status >= 200 && (status < 500 || status === 502 || status === 504), told);
  if (status < 400 || status === 431) return;
  if (status === 401 && Array.isArray(valueAt(body, 'flows'))) return;
  if (typeof body === 'string' && body.startsWith('<!doctype html>')) return;
  assert.match(String(valueAt(body, 'errcode')), /^[A-Z][A-Z0-9_.]+$/, told);
  assert.equal(typeof valueAt(body, 'error'), 'string', told);
}

/** An account that is attacked, and made anew when an attack has ended its session. */
class Target {
  readonly #server: TestHomeserver;
  #number = 0;
  #preparations = 0;
  #known: KnownValues | undefined;
  #user: TestUser | undefined;
  /** Shares rooms with it, and is not attacked itself. */
  #other: TestUser | undefined;

  constructor(server: TestHomeserver) {
    this.#server = server;
  }

  async send({ method, path, body }: FuzzRequest): Promise<Response> {
    const user = this.#user ?? (await this.#register());
    const answer = await withinTime(
      api(this.#server.url).request(method, path, {
        token: user.accessToken,
        ...(body === undefined ? {} : { body }),
      }),
    );
    const ended = valueAt(answer.body, 'errcode') === 'M_UNKNOWN_TOKEN';
    const whoami = ended || /logout|password|devices|deactivate/.test(path);
    if (whoami && (await user.request('GET', '/_matrix/client/v3/account/whoami')).status === 401) {
      this.#user = undefined;
    }
    return answer;
  }

  /** Rooms and what else requests may name; other ones now and then, since requests destroy them. */
  async prepare(): Promise<KnownValues> {
    this.#preparations += 1;
    const isStale = this.#preparations % endpointsPerPreparation === 1;
    if (isStale || this.#known === undefined || this.#user === undefined) {
      this.#known = await this.#prepareAnew();
    }
    return this.#known;
  }

  async #prepareAnew(): Promise<KnownValues> {
    const user = this.#user ?? (await this.#register());
    const other = (this.#other ??= await registerUser(this.#server, 'other'));
    const roomId = await createRoom(user, { preset: 'public_chat' });
    await joinRoom(other, roomId);
    const foreign = await createRoom(other);
    const invited = await createRoom(other);
    await inviteUser(other, invited, user.userId);
    const eventId = await sendText(other, roomId, 'one');
    const relation = { rel_type: 'm.thread', event_id: eventId };
    const reply = { msgtype: 'm.text', body: 'two', 'm.relates_to': relation };
    const replyId = await sendEvent(user, roomId, 'm.room.message', reply);
    const { nextBatch } = await sync(user);
    const path = `/_matrix/client/v3/rooms/${roomId}/messages`;
    const page = await user.request('GET', path, { query: { limit: 2 } });
    return knownValues({
      users: [user.userId, other.userId, '@nobody:soma.test', '@someone:127.0.0.1:1'],
      rooms: [roomId, roomId, foreign, invited, '!nowhere:soma.test'],
      events: [eventId, replyId, '$nothing'],
      tokens: [nextBatch, textAt(page.body, 'end')],
      devices: [user.deviceId, other.deviceId],
    });
  }

  async #register(): Promise<TestUser> {
    this.#number += 1;
    this.#user = await registerUser(this.#server, `target${this.#number}`);
    return this.#user;
  }
}

interface Named {
  readonly users: readonly string[];
  readonly rooms: readonly string[];
  readonly events: readonly string[];
  readonly tokens: readonly string[];
  readonly devices: readonly string[];
}

function knownValues({ users, rooms, events, tokens, devices }: Named): KnownValues {
  const types = [
    ...['m.room.member', 'm.room.power_levels', 'm.room.create', 'm.room.redaction'],
    ...['m.room.join_rules', 'm.room.history_visibility', 'm.room.message', 'm.reaction'],
    ...['m.room.third_party_invite', 'm.room.server_acl', 'm.room.encryption', 'm.fully_read'],
    ...[
      'm.room.name',
      'm.room.topic',
      'm.tag',
      'm.push_rules',
      'm.direct',
      'm.room.canonical_alias',
    ],
  ];
  return {
    roomId: rooms,
    roomIdOrAlias: rooms,
    userId: users,
    user_id: users,
    user: users,
    eventId: events,
    event_id: events,
    redacts: events,
    stateKey: ['', ...users],
    state_key: ['', ...users],
    eventType: types,
    type: [...types, 'm.login.password', 'm.login.dummy', 'm.id.user'],
    from: tokens,
    to: tokens,
    since: tokens,
    at: tokens,
    deviceId: devices,
    device_id: devices,
    filterId: ['0', '1'],
    filter: ['0', '{}', '{"room":{"timeline":{"limit":1}}}'],
    membership: ['join', 'invite', 'leave', 'ban', 'knock'],
    join_rule: ['public', 'invite', 'knock', 'restricted'],
    room_version: ['6', '11', '12', '1'],
    receiptType: ['m.read', 'm.read.private', 'm.fully_read'],
    kind: ['override', 'content', 'room', 'sender', 'underride', 'user'],
    ruleId: ['.m.rule.master', '.m.rule.roomnotif', 'mine', ...users],
    username: ['target1', 'new.user'],
    password: ['correct horse battery staple'],
  };
}

function withinTime(answer: Promise<Response>): Promise<Response> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error('no answer in time')), answerMsMax);
    answer.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
