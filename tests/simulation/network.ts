import { Readable } from 'node:stream';

import type { FederationClientOptions } from '../../packages/homeserver/src/federation-client/federation-client.ts';
import { Deadline } from '../../packages/homeserver/src/outbound/deadline.ts';
import { OutboundError } from '../../packages/homeserver/src/outbound/outbound-error.ts';
import { ResponseBody } from '../../packages/homeserver/src/outbound/response-body.ts';
import type { PlainAnswer, PlainRequest } from './answer-request.ts';
import type { Random } from './random.ts';
import type { VirtualTime } from './virtual-time.ts';

export type Transport = FederationClientOptions['transport'];

/** How bad the network is. */
export interface Weather {
  /** Of a request, or of an answer. */
  readonly dropped: number;
  readonly duplicated: number;
  /** Of what takes long, in place of the usual tenths of a second. */
  readonly slow: number;
  readonly slowMsMax: number;
}

export const fairWeather: Weather = { dropped: 0, duplicated: 0, slow: 0, slowMsMax: 0 };

const usualMsMax = 300;
const refusedAfterMs = 5;

/** Answers a request to a server; undefined where nobody listens. */
type Ask = (
  destination: string,
  request: PlainRequest,
) => Promise<PlainAnswer | undefined> | undefined;

/** Brings requests from server to server: late, twice, or not at all, as the seed has it. */
export class Network {
  weather: Weather = fairWeather;
  /** By server; those of different groups do not reach each other. */
  groups: ReadonlyMap<string, number> = new Map();
  readonly #time: VirtualTime;
  readonly #random: Random;
  readonly #ask: Ask;
  readonly #note: (line: string) => void;

  constructor(time: VirtualTime, random: Random, ask: Ask, note: (line: string) => void) {
    this.#time = time;
    this.#random = random;
    this.#ask = ask;
    this.#note = note;
  }

  /** @param isThere false once the server is gone: whatever it waits for never comes */
  transportOf(origin: string, isThere: () => boolean): Transport {
    return {
      send: (destination, { method, uri, headers, body, signal }, limits) => {
        const deadline = new Deadline(limits.totalMs, signal);
        const request = { method, uri, headers: { ...headers }, body: textOf(body) };
        return new Promise((resolve, reject) => {
          const fail = (error: unknown): void => {
            deadline.clear();
            if (isThere()) reject(error);
          };
          if (deadline.signal.aborted) fail(deadline.signal.reason);
          deadline.signal.addEventListener('abort', () => fail(deadline.signal.reason));
          const settle = (answer: PlainAnswer | undefined): void => {
            if (!isThere() || deadline.signal.aborted) return;
            if (answer === undefined) {
              fail(new OutboundError('connection', `${destination} does not answer`));
              return;
            }
            const { status, headers: names, body: bytes } = answer;
            const raw = Readable.from([bytes], { objectMode: true });
            resolve({
              status,
              header: (name) => names.get(name),
              body: new ResponseBody(raw, '', limits, deadline),
            });
          };
          // What is on its way arrives, whether or not its sender lives on.
          this.#time.actAs(undefined, () => this.#bring(origin, destination, request, settle));
        });
      },
    };
  }

  #bring(
    origin: string,
    destination: string,
    request: PlainRequest,
    settle: (answer: PlainAnswer | undefined) => void,
  ): void {
    const { weather } = this;
    if (!this.#isOpen(origin, destination)) {
      this.#time.after(refusedAfterMs, () => settle(undefined));
      return;
    }
    const isLost = this.#random.chance(weather.dropped);
    const isAnswerLost = this.#random.chance(weather.dropped);
    const arrive = (answered: (answer: PlainAnswer | undefined) => void): void => {
      // A request that is on its way when the network parts is lost.
      if (!this.#isOpen(origin, destination)) return;
      this.#note(`${origin} > ${destination} ${request.method} ${request.uri}`);
      const asked = this.#ask(destination, request);
      if (asked === undefined) answered(undefined);
      else void asked.then(answered);
    };
    if (!isLost) {
      this.#time.after(this.#delayMs(), () =>
        arrive((answer) => {
          if (isAnswerLost || !this.#isOpen(origin, destination)) return;
          this.#time.after(this.#delayMs(), () => settle(answer));
        }),
      );
    }
    if (this.#random.chance(weather.duplicated)) {
      this.#time.after(this.#delayMs() + this.#delayMs(), () => arrive(() => {}));
    }
  }

  #isOpen(origin: string, destination: string): boolean {
    return this.groups.get(origin) === this.groups.get(destination);
  }

  #delayMs(): number {
    const { slow, slowMsMax } = this.weather;
    return 1 + this.#random.below(this.#random.chance(slow) ? slowMsMax : usualMsMax);
  }
}

function textOf(body: string | Uint8Array | undefined): string | undefined {
  return body === undefined ? undefined : Buffer.from(body).toString('utf8');
}
