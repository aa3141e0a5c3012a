import { setTimeout as sleep } from 'node:timers/promises';

import { pathOf } from '../harness/api.ts';
import type { TestUser } from '../harness/client.ts';
import { listAt, textAt, valueAt } from '../harness/json-path.ts';

const pageSize = 100;

/** All events of the room's history, newest first, page after page. */
export async function readHistory(user: TestUser, roomId: string): Promise<unknown[]> {
  const events: unknown[] = [];
  for (let from: string | undefined, isMore = true; isMore;) {
    const query = { dir: 'b', limit: pageSize, ...(from === undefined ? {} : { from }) };
    const path = pathOf`/_matrix/client/v3/rooms/${roomId}/messages`;
    const { status, body } = await user.request('GET', path, { query });
    if (status !== 200) throw new Error(`${path} gave ${status} ${JSON.stringify(body)}`);
    events.push(...listAt(body, 'chunk'));
    const end = valueAt(body, 'end');
    isMore = typeof end === 'string';
    from = isMore ? String(end) : undefined;
  }
  return events;
}

/** The texts of the room's messages, as often as each is there, sorted. */
export async function readTexts(user: TestUser, roomId: string): Promise<string[]> {
  const events = await readHistory(user, roomId);
  return events
    .filter((event) => valueAt(event, 'type') === 'm.room.message')
    .map((event) => textAt(event, 'content', 'body'))
    .toSorted();
}

/** Waits until the room's messages are these, in whatever order, each once. */
export async function untilTexts(
  user: TestUser,
  roomId: string,
  texts: readonly string[],
  patienceMs = 60_000,
): Promise<void> {
  const expected = texts.toSorted();
  const deadline = performance.now() + patienceMs;
  for (;;) {
    const found = await readTexts(user, roomId);
    if (isSame(found, expected)) return;
    if (performance.now() > deadline) throw new Error(difference(user, roomId, found, expected));
    await sleep(200);
  }
}

function isSame(found: readonly string[], expected: readonly string[]): boolean {
  return found.length === expected.length && found.every((text, index) => text === expected[index]);
}

function difference(
  { userId }: TestUser,
  roomId: string,
  found: readonly string[],
  expected: readonly string[],
): string {
  const missing = expected.filter((text) => !found.includes(text));
  const tooMuch = found.filter(
    (text, index) => !expected.includes(text) || found[index - 1] === text,
  );
  return `${userId} in ${roomId} lacks ${JSON.stringify(missing)} and has beside it ${JSON.stringify(tooMuch)}`;
}
