import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';

import {
  VerifierEvent,
  type CryptoApi,
  type ShowSasCallbacks,
  type VerificationRequest,
  type Verifier,
} from 'matrix-js-sdk/lib/crypto-api/index.js';

import type { SdkClient } from './sdk-client.ts';

const patienceMs = 30_000;

export function cryptoOf({ client }: SdkClient): CryptoApi {
  return client.getCrypto() ?? assert.fail('the client has no encryption');
}

/** Waits for something that the SDK does beside its syncs. */
export async function eventually<T>(
  find: () => Promise<T | undefined> | T | undefined,
): Promise<T> {
  const deadline = performance.now() + patienceMs;
  while (performance.now() < deadline) {
    const found = await find();
    if (found !== undefined) return found;
    await sleep(50);
  }
  return assert.fail(`it did not happen: ${String(find)}`);
}

export function when(condition: () => Promise<boolean> | boolean): Promise<true> {
  return eventually(async () => ((await condition()) ? true : undefined));
}

export async function expectText(reader: SdkClient, roomId: string, eventId: string, text: string) {
  const event = await reader.event(roomId, eventId);
  await when(() => event.getContent()['body'] === text);
}

/** Both sides of a verification are shown the same emoji, and say so. */
export async function confirmEmoji(
  asking: VerificationRequest,
  asked: VerificationRequest,
): Promise<void> {
  await asked.accept();
  await when(() => asking.phase === asked.phase);
  const starting = await asking.startVerification('m.sas.v1');
  const answering = await eventually(() => asked.verifier);
  const [first, second] = await Promise.all([showEmoji(starting), showEmoji(answering)]);
  assert.equal(first.names.length, 7);
  assert.deepEqual(first.names, second.names);
  await Promise.all([first.sas.confirm(), second.sas.confirm()]);
  await Promise.all([first.verified, second.verified]);
}

interface Shown {
  readonly sas: ShowSasCallbacks;
  readonly names: readonly string[];
  readonly verified: Promise<void>;
}

async function showEmoji(verifier: Verifier): Promise<Shown> {
  const shown = new Promise<ShowSasCallbacks>((resolve) => {
    verifier.once(VerifierEvent.ShowSas, resolve);
  });
  const verified = verifier.verify();
  const sas = verifier.getShowSasCallbacks() ?? (await shown);
  return { sas, names: sas.sas.emoji?.map(([, name]) => name) ?? [], verified };
}
