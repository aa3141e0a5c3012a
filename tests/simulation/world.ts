import { hash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { checkDatabase } from '../../packages/homeserver/src/rooms/check-database.ts';
import { act, usualActs, wideActs } from './actions.ts';
import type { Stage } from './actions.ts';
import { disagreements } from './agreement.ts';
import { checkDevices, checkWhispers, publishDevice } from './devices.ts';
import type { Whisper } from './devices.ts';
import { EventGraph } from './event-graph.ts';
import { Network, fairWeather } from './network.ts';
import { Person, roomPath } from './person.ts';
import { Random } from './random.ts';
import { describeView, readMembers, viewRoom } from './room-view.ts';
import type { RoomView } from './room-view.ts';
import { SimulatedServer } from './simulated-server.ts';
import { judgeSoftFailures, softFailureReasons } from './soft-failures.ts';
import type { SoftFailureReason } from './soft-failures.ts';
import { VirtualTime } from './virtual-time.ts';

export interface WorldOptions {
  readonly seed: string;
  /** How long people act. */
  readonly minutes: number;
  readonly servers?: number;
  readonly rooms?: number;
  readonly actions?: number;
  /** Whether people do more than the usual. */
  readonly isWide?: boolean;
  /** Is told of everything that happens, a line at a time. */
  readonly trace?: (line: string) => void;
}

export interface Outcome {
  /** Whatever must not be; empty where all is well. */
  readonly problems: readonly string[];
  /** Of all that happened: two runs of a seed are the same run where these are equal. */
  readonly digest: string;
  readonly steps: number;
  readonly events: number;
  /** Hidden events, by what they were hidden for. */
  readonly softFailures: Readonly<Record<SoftFailureReason, number>>;
}

const startMs = Date.UTC(2024, 0, 1);
const minuteMs = 60_000;
/** After the network is whole: by then whoever was left alone is asked again. */
const healingMs = 18 * minuteMs;
const betweenMs = 20_000;
const settlingMs = 8 * minuteMs;
const versions = ['1', '2', '3', '6', '8', '9', '10', '11', '11', '12', '12', '12'];
const surnames = ['alice', 'bob'];

/** Servers, people and a network that follow from one seed. */
export class World {
  readonly time = new VirtualTime(startMs);
  readonly random: Random;
  readonly #options: WorldOptions;
  readonly #servers: SimulatedServer[] = [];
  readonly #network: Network;
  readonly #plan: Random;
  /** In each room that their server was in from the beginning, and never out of it. */
  readonly #anchors: Person[] = [];
  readonly #actors: Person[] = [];
  readonly #rooms: string[] = [];
  readonly #problems: string[] = [];
  /** What was read at the end. */
  readonly #whispers: Whisper[] = [];
  readonly #read: { roomId: string; userId: string; eventId: string }[] = [];
  #digest = '';
  readonly #folder = mkdtempSync(join(tmpdir(), 'soma-simulation-'));

  constructor(options: WorldOptions) {
    const { seed } = options;
    this.#options = options;
    this.random = new Random(`${seed} identifiers`);
    this.#plan = new Random(`${seed} plan`);
    this.#network = new Network(
      this.time,
      new Random(`${seed} network`),
      (destination, request) =>
        this.#servers.find(({ name }) => name === destination)?.ask(request),
      (line) => this.#note(line),
    );
  }

  async run(): Promise<Outcome> {
    try {
      await this.#drive(this.#begin());
      await this.#drive(this.#act());
      await this.#drive(this.#heal());
      await this.#drive(this.#readAll());
      if (this.#options.isWide === true) await this.#drive(this.#lookAtDevices());
      const { events, softFailures } = await this.#check();
      return {
        problems: this.#problems,
        digest: this.#digest,
        steps: this.time.steps,
        events,
        softFailures,
      };
    } finally {
      for (const server of this.#servers) server.kill();
      rmSync(this.#folder, { recursive: true, force: true });
    }
  }

  /** Lets the time go on until this part of the play is over. */
  async #drive(part: Promise<void>): Promise<void> {
    let state: 'running' | 'done' | { readonly error: unknown } = 'running';
    part.then(
      () => (state = 'done'),
      (error: unknown) => (state = { error }),
    );
    await this.time.runUntil(this.time.nowMs + 24 * 60 * minuteMs, () => state !== 'running');
    if (typeof state === 'object') throw (state as { readonly error: unknown }).error;
    if (state === 'running') throw new Error('a part of the play does not come to its end');
  }

  #note(line: string): void {
    const entry = `${(this.time.nowMs - startMs) / 1000} ${line}`;
    this.#digest = hash('sha256', `${this.#digest}${entry}`, 'hex');
    this.#options.trace?.(entry);
  }

  async #begin(): Promise<void> {
    const { seed, servers = 5, rooms = 3 } = this.#options;
    for (let index = 1; index <= servers; index += 1) {
      const name = `s${index}.test`;
      const server = new SimulatedServer({
        name,
        folder: join(this.#folder, name),
        seed,
        time: this.time,
        transport: (isThere) => this.#network.transportOf(name, isThere),
        reportFault: (line) => {
          this.#note(`fault ${line}`);
          this.#problems.push(`a fault was logged: ${line}`);
        },
      });
      await server.start();
      this.#servers.push(server);
      const note = (line: string): void => this.#note(line);
      this.#anchors.push(await Person.register(server, 'anchor', note));
      for (const surname of surnames) {
        this.#actors.push(await Person.register(server, surname, note));
      }
    }
    if (this.#options.isWide === true) {
      for (const person of this.#people) await publishDevice(person, this.#plan);
    }
    for (let index = 0; index < rooms; index += 1) await this.#makeRoom();
  }

  /** A public room with the anchors of some servers, and with some of the others in it. */
  async #makeRoom(): Promise<void> {
    const plan = this.#plan;
    const founder = plan.pick(this.#actors);
    const others = this.#actors.filter((actor) => actor !== founder);
    const users = Object.fromEntries(
      others.filter(() => plan.chance(0.4)).map(({ userId }) => [userId, plan.pick([50, 100])]),
    );
    const version = plan.pick(versions);
    if (version !== '12') users[founder.userId] = 100;
    const { body } = await founder.ask('POST', '/createRoom', {
      preset: 'public_chat',
      room_version: version,
      power_level_content_override: { users, state_default: plan.pick([0, 50]) },
    });
    const roomId = body['room_id'];
    if (typeof roomId !== 'string') throw new Error(`${founder.userId} could make no room`);
    this.#rooms.push(roomId);
    const via = [founder.server.name];
    for (const anchor of this.#anchors) {
      if (anchor.server !== founder.server && plan.chance(0.3)) continue;
      const { status } = await anchor.joinVia(roomId, via);
      if (status !== 200) this.#problems.push(`${anchor.userId} could not join: ${status}`);
    }
    for (const actor of others) if (plan.chance(0.5)) await actor.joinVia(roomId, via);
  }

  async #act(): Promise<void> {
    const plan = this.#plan;
    const { minutes, actions = 60, isWide = false } = this.#options;
    const durationMs = minutes * minuteMs;
    this.#network.weather = {
      dropped: plan.pick([0, 0.02, 0.1]),
      duplicated: plan.pick([0, 0.1]),
      slow: plan.pick([0, 0.1, 0.3]),
      slowMsMax: plan.pick([5_000, 90_000]),
    };
    const stage: Stage = {
      random: plan,
      rooms: this.#rooms,
      actors: this.#actors,
      servers: this.#servers.map(({ name }) => name),
      sent: new Map(),
      whispers: this.#whispers,
      acts: isWide ? wideActs : usualActs,
    };
    const running: Promise<void>[] = [];
    const at = (run: () => Promise<void>): void => {
      const delayMs = plan.below(durationMs);
      running.push(this.time.sleep(delayMs).then(run));
    };
    for (let index = 0; index < actions; index += 1) at(() => act(stage));
    for (let index = plan.below(5); index > 0; index -= 1) at(() => this.#part());
    for (let index = plan.below(4); index > 0; index -= 1) at(() => this.#restart());
    await Promise.all(running);
  }

  /** The network falls apart, for a while. */
  async #part(): Promise<void> {
    const plan = this.#plan;
    const groups = new Map(this.#servers.map(({ name }) => [name, plan.below(2)]));
    this.#note(`parted ${JSON.stringify([...groups])}`);
    this.#network.groups = groups;
    await this.time.sleep(plan.below(3 * minuteMs));
    if (this.#network.groups !== groups) return;
    this.#note('whole again');
    this.#network.groups = new Map();
  }

  async #restart(): Promise<void> {
    const plan = this.#plan;
    const server = plan.pick(this.#servers);
    if (!server.isUp) return;
    const isKill = plan.chance(0.6);
    this.#note(`${isKill ? 'kill' : 'stop'} ${server.name}`);
    if (isKill) server.kill();
    else await server.stop();
    await this.time.sleep(plan.pick([0, 1_000, plan.below(2 * minuteMs)]));
    await server.start();
    this.#note(`${server.name} is up`);
  }

  /** The network becomes whole, and each server says one more thing in each of its rooms. */
  async #heal(): Promise<void> {
    this.#note('healed');
    this.#network.groups = new Map();
    this.#network.weather = fairWeather;
    await this.time.sleep(healingMs);
    await this.#speakInTurn();
    await this.time.sleep(settlingMs);
  }

  async #speakInTurn(): Promise<void> {
    for (const roomId of this.#rooms) {
      for (const server of this.#servers) {
        const speakers = await this.#membersOf(server, roomId);
        for (const speaker of speakers) if (await this.#speak(roomId, speaker)) break;
        if (speakers.length > 0) await this.time.sleep(betweenMs);
      }
    }
  }

  /** Whether the rules of the room allow it. */
  async #speak(roomId: string, speaker: Person): Promise<boolean> {
    const text = `last of ${speaker.server.name}`;
    const content = { membership: 'join', displayname: text };
    const named = await speaker.setState(roomId, 'm.room.member', speaker.userId, content);
    // Nobody may write a join in a room of versions 1 to 6 whose join rule is one that they do not know.
    const said = named.status === 403 ? await speaker.sendMessage(roomId, text) : named;
    const eventId = said.body['event_id'];
    if (typeof eventId !== 'string') {
      if (said.status !== 403) this.#problems.push(`${speaker.userId} got ${said.status}`);
      return false;
    }
    if (this.#options.isWide === true) {
      await speaker.read(roomId, eventId);
      this.#read.push({ roomId, userId: speaker.userId, eventId });
    }
    return true;
  }

  /** Of the servers that take themselves to be in the room. */
  async #viewsOf(roomId: string): Promise<RoomView[]> {
    const views: RoomView[] = [];
    for (const server of this.#servers) {
      if ((await this.#membersOf(server, roomId)).length === 0) continue;
      const view = await viewRoom(server, roomId);
      if (view !== undefined) views.push(view);
    }
    return views;
  }

  /** Those of this server's users that it has in the room. */
  async #membersOf(server: SimulatedServer, roomId: string): Promise<Person[]> {
    const joined = await readMembers(server, roomId, 'join');
    return this.#people.filter(
      (person) => person.server === server && joined.includes(person.userId),
    );
  }

  /** Whoever came late asks for what was before. */
  async #readAll(): Promise<void> {
    for (const roomId of this.#rooms) {
      for (const server of this.#servers) {
        const [reader] = await this.#membersOf(server, roomId);
        let [from, end]: unknown[] = [undefined, ''];
        // A page that ends where it began is before what no server gives.
        while (reader !== undefined && typeof end === 'string' && end !== from) {
          from = end;
          const query = `dir=b&limit=100${end === '' ? '' : `&from=${encodeURIComponent(end)}`}`;
          ({ end } = (await reader.ask('GET', `${roomPath(roomId)}/messages?${query}`)).body);
        }
      }
    }
  }

  get #people(): readonly Person[] {
    return [...this.#anchors, ...this.#actors];
  }

  async #lookAtDevices(): Promise<void> {
    this.#problems.push(...(await checkWhispers(this.#people, this.#whispers)));
    this.#problems.push(...(await checkDevices(this.#people)));
  }

  async #check(): Promise<Pick<Outcome, 'events' | 'softFailures'>> {
    let events = 0;
    const softFailures = { refused: 0, 'lost-support': 0, rejudged: 0 };
    for (const roomId of this.#rooms) {
      const views = await this.#viewsOf(roomId);
      const problems = disagreements(roomId, views);
      const graph = new EventGraph(views);
      for (const view of views) {
        this.#note(`${view.server} ${roomId} ${hash('sha256', JSON.stringify(view.state))}`);
        events += view.events.size;
        for (const { userId, eventId } of this.#read.filter((one) => one.roomId === roomId)) {
          if (view.receipts[userId] === eventId) continue;
          problems.push(`${view.server} does not know what ${userId} has read in ${roomId}`);
        }
        const server = this.#servers.find(({ name }) => name === view.server);
        if (server === undefined) continue;
        const judged = await judgeSoftFailures(server, roomId, view, graph);
        problems.push(...judged.problems);
        for (const reason of softFailureReasons) softFailures[reason] += judged.reasons[reason];
      }
      this.#problems.push(...problems);
      if (problems.length > 0) {
        for (const line of views.flatMap(describeView)) this.#options.trace?.(line);
      }
    }
    for (const server of this.#servers) {
      const { problems } = await checkDatabase(server.database);
      this.#problems.push(...problems.map((problem) => `${server.name}: ${problem}`));
    }
    return { events, softFailures };
  }
}
