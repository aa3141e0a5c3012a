import { isJsonObject, verifySignatures } from '@soma/protocol';
import type { RoomVersion, SignatureVerdict } from '@soma/protocol';

import type { TrustedKeyServer } from '../../config/config.ts';
import { boundedCache } from '../../storage/bounded-cache.ts';
import { write } from '../../storage/database.ts';
import type { Database } from '../../storage/database.ts';
import type { FederationClient } from '../federation-client.ts';
import { FederationError } from '../federation-error.ts';
import { keyFetchesAtOnceMax, keyFetchesOfAddressMax, serversRememberedMax } from '../limits.ts';
import { fetchKeys, fetchKeysFromNotary } from './fetch-keys.ts';
import type { NotaryQuery } from './fetch-keys.ts';
import type { OwnKeys } from './own-keys.ts';
import { readServerKeys, storeServerKeysStatements } from './server-key-store.ts';
import type { ServerKey, ServerKeys } from './server-keys.ts';
import { verifySignature, verifySignatureAside } from './verify-signature.ts';

/** What a signature is on, which decides what keys may have made it. */
export type KeyUse =
  /** A request that came now, from this address where anybody may have sent it. */
  | { readonly kind: 'request'; readonly from?: string | undefined }
  /** Room versions from 5 on believe a key only until its validity ends. */
  | { readonly kind: 'event'; readonly originServerTs: number; readonly version: RoomVersion };

export interface KeyRingOptions {
  readonly own: OwnKeys;
  readonly client: Pick<FederationClient, 'requestJson'>;
  readonly notaries: readonly TrustedKeyServer[];
  readonly database: Database;
  readonly now: () => number;
  /** Is told why a server's keys were not to be had. */
  readonly reportFailure: (serverName: string, error: unknown) => void;
}

type KeysById = ReadonlyMap<string, ServerKey>;

interface Backoff {
  readonly failures: number;
  readonly retryAtMs: number;
}

/** So soon a server is asked again that did not have what was looked for, and at most so late one that failed. */
const refreshMsMin = 10_000;
const retryMsMax = 600_000;
/** Servers in one question to a notary, and servers that are asked at once where many keys are prepared. */
const notaryServersMax = 100;
const preparedAtOnceMax = 40;
/** After so long no further server is asked for the keys that are being prepared. */
const preparingMsMax = 60_000;

/** Signatures that are going to be verified. */
export interface ExpectedSignatures {
  readonly serverName: string;
  readonly keyIds: readonly string[];
  readonly use: KeyUse;
}

/**
 * The keys of all servers: in memory, in the database, from the servers themselves, from notaries. Requests for the
 * keys of one server share one look-up. A key counts only for the server that published it with a signature by itself.
 */
export class KeyRing {
  readonly #options: KeyRingOptions;
  readonly #known = boundedCache<string, KeysById>(serversRememberedMax);
  readonly #backoffs = boundedCache<string, Backoff>(serversRememberedMax);
  readonly #running = new Map<string, Promise<void>>();
  /** How many of these are on behalf of an address. */
  readonly #ofAddresses = new Map<string, number>();

  constructor(options: KeyRingOptions) {
    this.#options = options;
    this.#known.set(options.own.serverName, byId(options.own.keys));
  }

  /**
   * Whether `serverName` made the signatures under its name.
   *
   * @param signatures by server name, then by key ID
   * @param text what they cover, such as `signedText(object)`
   */
  async verify(
    signatures: unknown,
    text: string,
    serverName: string,
    use: KeyUse,
  ): Promise<SignatureVerdict> {
    const keys = await this.keysFor(serverName, keyIdsIn(signatures, serverName), use);
    const publicKeyOf = (keyId: string): string | undefined => keys.get(keyId);
    if (use.kind === 'request') {
      return verifySignatures(signatures, text, serverName, publicKeyOf, verifySignature);
    }
    // Events come by the thousand: other threads verify what would otherwise hold everybody up.
    const verified: Promise<boolean>[] = [];
    const verdict = verifySignatures(signatures, text, serverName, publicKeyOf, (...signed) => {
      verified.push(verifySignatureAside(...signed));
      return true;
    });
    if ((await Promise.all(verified)).every(Boolean)) return verdict;
    return verifySignatures(signatures, text, serverName, publicKeyOf, verifySignature);
  }

  /** The public keys in base64 of those `keyIds` that are good for `use`. Looks further while there is none. */
  async keysFor(
    serverName: string,
    keyIds: readonly string[],
    use: KeyUse,
  ): Promise<ReadonlyMap<string, string>> {
    const found = await this.#goodKeys(serverName, keyIds, use);
    if (found.size > 0 || keyIds.length === 0 || serverName === this.#options.own.serverName) {
      return found;
    }
    const from = use.kind === 'request' ? use.from : undefined;
    await this.#refresh(serverName, keyIds, this.#validAtMs(use), from);
    return this.#goodKeys(serverName, keyIds, use);
  }

  /**
   * Gets the keys for many signatures together, before they are verified one by one: from notaries in few requests,
   * and what these do not have from the servers, several at a time. What is not to be had is left out.
   */
  async prepare(expected: Iterable<ExpectedSignatures>): Promise<void> {
    const { client, notaries, now } = this.#options;
    let missing = await this.#missing(expected);
    for (const notary of notaries) {
      for (let at = 0; at < missing.length; at += notaryServersMax) {
        const queries = missing.slice(at, at + notaryServersMax).map((each) => this.#queryOf(each));
        try {
          const answers = await fetchKeysFromNotary(client, notary, queries, now());
          for (const answer of answers) await this.#store(answer, true);
        } catch (error) {
          if (!(error instanceof FederationError)) throw error;
          this.#options.reportFailure(notary.serverName, error);
          break;
        }
      }
      missing = await this.#missing(missing);
    }
    const untilMs = now() + preparingMsMax;
    const left = missing.values();
    const work = async (): Promise<void> => {
      for (const { serverName, keyIds, use } of left) {
        if (now() > untilMs) return;
        await this.#refresh(serverName, keyIds, this.#validAtMs(use));
      }
    };
    await Promise.all(Array.from({ length: preparedAtOnceMax }, work));
  }

  /** Asks the server itself for its keys now, unless that was done a short while ago. */
  async refreshDirectly(serverName: string): Promise<void> {
    if (serverName !== this.#options.own.serverName) await this.#refresh(serverName, [], 0);
  }

  /** A server that is up again is asked at once. */
  forgetFailures(serverName: string): void {
    this.#backoffs.delete(serverName);
  }

  /** Those that are known and good for `use`. */
  async #goodKeys(
    serverName: string,
    keyIds: readonly string[],
    use: KeyUse,
  ): Promise<ReadonlyMap<string, string>> {
    const known = await this.#keysOf(serverName);
    const validAtMs = this.#validAtMs(use);
    return new Map(
      keyIds.flatMap((keyId) => {
        const key = known.get(keyId);
        const isGood =
          key !== undefined &&
          key.validUntilTs >= validAtMs &&
          !(key.isOld && use.kind === 'request');
        return isGood ? [[keyId, key.publicKey] as const] : [];
      }),
    );
  }

  async #missing(expected: Iterable<ExpectedSignatures>): Promise<ExpectedSignatures[]> {
    const missing: ExpectedSignatures[] = [];
    for (const each of expected) {
      if (each.serverName === this.#options.own.serverName || each.keyIds.length === 0) continue;
      const found = await this.#goodKeys(each.serverName, each.keyIds, each.use);
      if (found.size === 0) missing.push(each);
    }
    return missing;
  }

  #queryOf({ serverName, keyIds, use }: ExpectedSignatures): NotaryQuery {
    return { serverName, keyIds, minimumValidUntilTs: this.#validAtMs(use) };
  }

  #validAtMs(use: KeyUse): number {
    if (use.kind === 'request') return this.#options.now();
    return use.version.enforcesKeyValidity ? use.originServerTs : 0;
  }

  async #keysOf(serverName: string): Promise<KeysById> {
    const known = this.#known.get(serverName);
    if (known !== undefined) return known;
    const keys = await this.#read(serverName);
    // What was stored meanwhile is newer than what was read.
    const meanwhile = this.#known.get(serverName);
    if (meanwhile !== undefined) return meanwhile;
    this.#known.set(serverName, keys);
    return keys;
  }

  async #read(serverName: string): Promise<KeysById> {
    return byId(await readServerKeys(this.#options.database.reader, serverName));
  }

  async #refresh(
    serverName: string,
    keyIds: readonly string[],
    validAtMs: number,
    from?: string,
  ): Promise<void> {
    const running = this.#running.get(serverName);
    if (running !== undefined) return running;
    const backoff = this.#backoffs.get(serverName);
    if (backoff !== undefined && backoff.retryAtMs > this.#options.now()) return;
    const isFull =
      from !== undefined && (this.#ofAddresses.get(from) ?? 0) >= keyFetchesOfAddressMax;
    if (isFull || this.#running.size >= keyFetchesAtOnceMax) return;
    this.#countOf(from, 1);
    const started = this.#fetch(serverName, keyIds, validAtMs).finally(() => {
      this.#running.delete(serverName);
      this.#countOf(from, -1);
    });
    this.#running.set(serverName, started);
    await started;
  }

  #countOf(address: string | undefined, added: number): void {
    if (address === undefined) return;
    const count = (this.#ofAddresses.get(address) ?? 0) + added;
    if (count === 0) this.#ofAddresses.delete(address);
    else this.#ofAddresses.set(address, count);
  }

  async #fetch(serverName: string, keyIds: readonly string[], validAtMs: number): Promise<void> {
    const { client, notaries, now, reportFailure } = this.#options;
    const attempts = [
      async () => [await fetchKeys(client, serverName, now())],
      ...(keyIds.length === 0 ? [] : notaries).map((notary) => async () => {
        const wanted = { serverName, keyIds, minimumValidUntilTs: validAtMs };
        return fetchKeysFromNotary(client, notary, [wanted], now());
      }),
    ];
    let gotAny = false;
    for (const [index, attempt] of attempts.entries()) {
      try {
        const answers = await attempt();
        for (const answer of answers) await this.#store(answer, index > 0);
        gotAny ||= answers.length > 0;
        const keys = answers.flatMap((answer) => answer.keys);
        const isFound = ({ keyId, validUntilTs }: ServerKey): boolean =>
          keyIds.includes(keyId) && validUntilTs >= validAtMs;
        if (keys.some(isFound)) break;
      } catch (error) {
        if (!(error instanceof FederationError)) throw error;
        reportFailure(serverName, error);
      }
    }
    this.#backOff(serverName, gotAny);
  }

  #backOff(serverName: string, succeeded: boolean): void {
    const failures = succeeded ? 0 : (this.#backoffs.get(serverName)?.failures ?? 0) + 1;
    const waitMs = Math.min(refreshMsMin * 2 ** failures, retryMsMax);
    this.#backoffs.set(serverName, { failures, retryAtMs: this.#options.now() + waitMs });
  }

  async #store(answer: ServerKeys, isSecondHand: boolean): Promise<void> {
    const { database, now } = this.#options;
    const statements = storeServerKeysStatements(answer, now(), isSecondHand);
    if (statements.length === 0) return;
    await write(database, { statements, positions: 0 });
    this.#known.set(answer.serverName, await this.#read(answer.serverName));
  }
}

function byId(keys: readonly ServerKey[]): KeysById {
  return new Map(keys.map((key) => [key.keyId, key]));
}

/** Of one signature block: nobody signs with more keys than these. */
const keyIdsMax = 20;

function keyIdsIn(signatures: unknown, serverName: string): string[] {
  const isSigned = isJsonObject(signatures) && Object.hasOwn(signatures, serverName);
  const byKey = isSigned ? signatures[serverName] : undefined;
  return isJsonObject(byKey) ? Object.keys(byKey).slice(0, keyIdsMax) : [];
}
