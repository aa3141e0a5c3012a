import { isIP } from 'node:net';
import type { LookupFunction } from 'node:net';
import type { ConnectionOptions } from 'node:tls';

import type { buildConnector } from 'undici';

import type { AddressPolicy } from './address-policy.ts';
import { OutboundError } from './outbound-error.ts';

/** The addresses of a name, best first. Rejects with the system's error where there are none. */
export type ResolveHost = (hostname: string) => Promise<readonly string[]>;

/** How the other end proves itself, beyond what follows from the URL. */
export type TlsSettings = Pick<
  ConnectionOptions,
  'secureContext' | 'rejectUnauthorized' | 'servername'
>;

export interface ConnectorOptions {
  readonly policy: AddressPolicy;
  readonly resolveHost: ResolveHost;
  /** Until the connection stands, look-up and TLS included. */
  readonly connectTimeoutMs: number;
  readonly tls?: TlsSettings;
}

/**
 * Opens connections to allowed addresses alone. A name is resolved once per connection, and the connection goes to
 * what was checked: an answer that changes a moment later changes nothing.
 *
 * @param build undici's
 */
export function guardedConnector(
  options: ConnectorOptions,
  build: typeof buildConnector,
): buildConnector.connector {
  const { policy, connectTimeoutMs, tls } = options;
  const connect = build({
    ...tls,
    timeout: connectTimeoutMs,
    lookup: guardedLookup(options),
  });
  return (target, callback) => {
    // An address that is written as one is connected to without a look-up.
    if (isIP(target.hostname) !== 0 && !policy.allows(target.hostname)) {
      callback(refusal(target.hostname), null);
      return;
    }
    connect(target, callback);
  };
}

function guardedLookup({ policy, resolveHost }: ConnectorOptions): LookupFunction {
  return (hostname, options, callback) => {
    resolveHost(hostname)
      .then((found) => {
        if (found.length === 0) throw new OutboundError('unresolved', `${hostname} has no address`);
        const allowed = found.filter((address) => policy.allows(address));
        const [first] = allowed;
        if (first === undefined) throw refusal(hostname);
        // Node tries them one after the other (RFC 8305).
        if (options.all === true) callback(null, allowed.map(withFamily));
        else callback(null, first, isIP(first));
      })
      .catch((error: unknown) => {
        callback(error instanceof Error ? error : new Error(String(error)), '', 0);
      });
  };
}

function withFamily(address: string): { address: string; family: number } {
  return { address, family: isIP(address) };
}

function refusal(hostname: string): OutboundError {
  return new OutboundError('refused', `${hostname} is not at an address that may be reached`);
}
