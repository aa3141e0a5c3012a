type AnswerWith = (body: string) => void;

/** The bare reference's `/sync`: who waits is answered with the next event, and nothing is looked up. */
export class BareWaiters {
  #waiting: AnswerWith[] = [];
  #position = 0;
  #newest = '';

  /** Answers at once when the caller has not begun or is behind, else with the next event. */
  add(since: string | null, answerWith: AnswerWith): void {
    if (since === null || Number(since) < this.#position) answerWith(this.#body());
    else this.#waiting.push(answerWith);
  }

  wake(json: string): void {
    this.#position += 1;
    this.#newest = json;
    const waiting = this.#waiting;
    if (waiting.length === 0) return;
    this.#waiting = [];
    const body = this.#body();
    for (const answerWith of waiting) answerWith(body);
  }

  #body(): string {
    return `{"next_batch":"${this.#position}","events":[${this.#newest}]}`;
  }
}
