import type { Requester } from '../http/endpoint.ts';
import { boundedCache } from '../storage/bounded-cache.ts';
import { transactionOwner } from './transaction-owner.ts';

/** Answers kept for clients that repeat a request; they mostly do at once. */
const ANSWERS_MAX = 10_000;

/** Answers of requests with a transaction ID at the end of their path (CS API, "Transaction identifiers"). */
export class RepeatedRequests {
  readonly #answers = boundedCache<string, Promise<object>>(ANSWERS_MAX);

  /** The answer that the device had before under this path, or one that is made now. A refusal is not kept. */
  answer(
    requester: Requester | undefined,
    path: string,
    make: () => object | Promise<object>,
  ): object | Promise<object> {
    const owner = requester === undefined ? undefined : transactionOwner(requester);
    if (owner === undefined) return make();
    // The release in the path does not matter, nor what the client is logged in with today.
    const key = `${owner} ${path.replace(/^\/_matrix\/client\/(api\/)?\w+\//, '')}`;
    const known = this.#answers.get(key);
    if (known !== undefined) return known;
    const answer = Promise.resolve(make());
    this.#answers.set(key, answer);
    answer.catch(() => this.#answers.delete(key));
    return answer;
  }
}
