import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import fc from 'fast-check';

import { isJsonObject } from '@soma/protocol';

import { testEngines } from '../../../../tests/harness/engines.ts';
import type { TestDatabase } from '../../../../tests/harness/engines.ts';
import { alice, createPublicRoom, openRoomGraph } from '../membership/room-graph-under-test.ts';
import type { RoomGraphUnderTest } from '../membership/room-graph-under-test.ts';
import { readAt } from '../storage/database.ts';
import { appendEvent, openSender, unreachable } from './sender-under-test.ts';
import type { PeerUnderTest, SenderUnderTest } from './sender-under-test.ts';

const serverCount = 3;
const roomCount = 3;

interface Step {
  readonly kind: 'say' | 'join' | 'leave' | 'kick' | 'down' | 'up' | 'settle' | 'restart';
  readonly server: number;
  readonly room: number;
}

const kinds = [
  'say',
  'say',
  'say',
  'join',
  'join',
  'leave',
  'kick',
  'down',
  'up',
  'settle',
] as const;
const steps: fc.Arbitrary<Step> = fc.record({
  kind: fc.constantFrom<Step['kind'][]>(...kinds, 'restart'),
  server: fc.nat(serverCount - 1),
  room: fc.nat(roomCount - 1),
});

/** An event as the model knows it. */
interface ModelEvent {
  readonly tag: number;
  readonly room: number;
  /** Servers that were in the room before or after it. */
  readonly around: ReadonlySet<number>;
  readonly isOwn: boolean;
}

for (const engine of testEngines()) {
  describe(`the federation sender against a model (${engine.name})`, () => {
    let made: TestDatabase;
    let graph: RoomGraphUnderTest;
    before(async () => {
      made = await engine.createDatabase();
      graph = await openRoomGraph(made.config);
    });
    after(async () => {
      await graph.database.close();
      await made.drop();
    });

    test('no server lacks what it is to get, or gets what is none of its business', async () => {
      let run = 0;
      await fc.assert(
        fc.asyncProperty(fc.array(steps, { maxLength: 40 }), async (script) => {
          run += 1;
          const world = await World.open(graph, run);
          try {
            for (const step of script) {
              await world.take(step);
              await world.checkServers(step.room);
            }
            await world.check();
          } finally {
            await world.close();
          }
        }),
        { numRuns: 12 },
      );
    });
  });
}

class World {
  readonly #graph: RoomGraphUnderTest;
  readonly #run: number;
  readonly #peers: Map<string, PeerUnderTest>;
  readonly #rooms: readonly string[];
  readonly #members = Array.from({ length: roomCount }, () => new Set<number>());
  readonly #events: ModelEvent[] = [];
  readonly #everDown = new Set<number>();
  #sender: SenderUnderTest;
  #hasRestarted = false;

  private constructor(
    graph: RoomGraphUnderTest,
    run: number,
    rooms: readonly string[],
    peers: Map<string, PeerUnderTest>,
    sender: SenderUnderTest,
  ) {
    this.#graph = graph;
    this.#run = run;
    this.#rooms = rooms;
    this.#peers = peers;
    this.#sender = sender;
  }

  static async open(graph: RoomGraphUnderTest, run: number): Promise<World> {
    const rooms: string[] = [];
    for (let room = 0; room < roomCount; room += 1) {
      rooms.push(await createPublicRoom(graph.rooms, alice));
    }
    const peers = new Map<string, PeerUnderTest>();
    return new World(graph, run, rooms, peers, await openSender(graph, peers));
  }

  async take({ kind, server, room }: Step): Promise<void> {
    const isIn = this.#members[room]?.has(server) ?? false;
    const user = `@bob:${this.#name(server)}`;
    if (kind === 'say') await this.#append(room, 'm.room.message', alice, undefined, {});
    else if (kind === 'settle') await this.#sender.settle();
    else if (kind === 'restart') await this.#restart();
    else if (kind === 'down') this.#goDown(server);
    else if (kind === 'up') await this.#comeBack(server);
    else if ((kind === 'join') !== isIn) {
      const membership = kind === 'join' ? 'join' : 'leave';
      const sender = kind === 'kick' ? alice : user;
      await this.#append(room, 'm.room.member', sender, user, { membership }, server);
    }
  }

  /** Who is in a room is known at once, wherever the follower of the log is. */
  async checkServers(room: number): Promise<void> {
    const { database, rooms } = this.#graph;
    const roomNid = await rooms.names.rooms.intern(this.#rooms[room] ?? '');
    const found = await readAt(database, (reader, now) =>
      this.#sender.servers.othersAt(reader, roomNid, now),
    );
    const members = [...(this.#members[room] ?? [])].map((server) => this.#name(server));
    assert.deepEqual(new Set(found), new Set(members));
  }

  /** Everybody is there again: nobody lacks anything. */
  async check(): Promise<void> {
    for (let server = 0; server < serverCount; server += 1) await this.#comeBack(server);
    await this.#sender.settle();
    for (let server = 0; server < serverCount; server += 1) {
      const taken = this.#tagsTakenBy(server);
      const known = this.#events.filter(({ tag }) => taken.includes(tag));
      for (const { around, tag } of known) {
        assert.ok(around.has(server), `${tag} is none of the business of server ${server}`);
      }
      const meant = this.#events.filter(({ isOwn, around }) => isOwn && around.has(server));
      for (let room = 0; room < roomCount; room += 1) {
        const last = meant.findLast((event) => event.room === room)?.tag ?? 0;
        const newest = Math.max(0, ...known.filter((e) => e.room === room).map(({ tag }) => tag));
        assert.ok(newest >= last, `server ${server} lacks ${last} of room ${room}`);
      }
      if (this.#everDown.has(server) || this.#hasRestarted) continue;
      assert.deepEqual(
        taken,
        meant.map(({ tag }) => tag),
        `all events, once, in order for server ${server}`,
      );
    }
  }

  async close(): Promise<void> {
    await this.#sender.close();
  }

  async #append(
    room: number,
    type: string,
    sender: string,
    stateKey: string | undefined,
    content: Record<string, string>,
    mover?: number,
  ): Promise<void> {
    const tag = this.#events.length + 1;
    const members = this.#members[room] ?? new Set<number>();
    const around = new Set(members);
    if (mover !== undefined) around.add(mover);
    const draft = { type, sender, content: { ...content, tag } };
    const roomId = this.#rooms[room] ?? '';
    await appendEvent(this.#graph, roomId, stateKey === undefined ? draft : { ...draft, stateKey });
    if (mover !== undefined && content['membership'] === 'join') members.add(mover);
    else if (mover !== undefined) members.delete(mover);
    this.#events.push({ tag, room, around, isOwn: sender === alice });
  }

  async #restart(): Promise<void> {
    this.#hasRestarted = true;
    await this.#sender.close();
    this.#sender = await openSender(this.#graph, this.#peers);
  }

  #goDown(server: number): void {
    this.#everDown.add(server);
    const name = this.#name(server);
    this.#sender.peer(name).answer = () => {
      throw unreachable(name);
    };
  }

  async #comeBack(server: number): Promise<void> {
    const name = this.#name(server);
    this.#sender.peer(name).answer = () => ({ pdus: {} });
    await this.#sender.destinations.heardFrom(name);
  }

  #tagsTakenBy(server: number): number[] {
    const { taken } = this.#sender.peer(this.#name(server));
    return taken
      .flatMap(({ body }) => body.pdus)
      .map(({ content }) => Number(isJsonObject(content) ? content['tag'] : 0));
  }

  #name(server: number): string {
    return `s${server}-${this.#run}.test`;
  }
}
