import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createSecureContext, getCACertificates } from 'node:tls';
import type { SecureContext } from 'node:tls';

import { globMatches, parseGlob } from '@soma/protocol';

import type { FederationConfig } from '../config/config.ts';
import { StartRefusal } from '../config/start-refusal.ts';
import type { TlsSettings } from '../outbound/connector.ts';

type TlsOptions = Pick<
  FederationConfig,
  | 'customCaFiles'
  | 'clientMinimumTlsVersion'
  | 'verifyCertificates'
  | 'certificateVerificationWhitelist'
>;

/** How other servers prove themselves, as the operator wants it. */
export class FederationTls {
  readonly #options: TlsOptions;
  readonly #ownAuthorities: readonly string[] | undefined;
  readonly #unverified;
  #context: SecureContext | undefined;

  /** Throws a StartRefusal for a file of certificates that cannot be read. */
  constructor(options: TlsOptions) {
    this.#options = options;
    this.#ownAuthorities = options.customCaFiles?.map(readAuthority);
    this.#unverified = options.certificateVerificationWhitelist.map((pattern) =>
      parseGlob(pattern.toLowerCase()),
    );
  }

  /** For the host that a server's certificate must name; an address has no SNI. */
  settingsFor(host: string, isAddress: boolean): TlsSettings {
    const isVerified =
      this.#options.verifyCertificates &&
      !this.#unverified.some((glob) => globMatches(glob, host.toLowerCase()));
    return {
      secureContext: this.#secureContext(),
      rejectUnauthorized: isVerified,
      ...(isAddress ? {} : { servername: host }),
    };
  }

  /** For what has no server name of its own, such as `.well-known` files. */
  get settings(): TlsSettings {
    return {
      secureContext: this.#secureContext(),
      rejectUnauthorized: this.#options.verifyCertificates,
    };
  }

  /** Made once, when it is needed: reading all authorities takes longer than a handshake. */
  #secureContext(): SecureContext {
    this.#context ??= createSecureContext({
      ca: [...(this.#ownAuthorities ?? systemAuthorities())],
      minVersion: this.#options.clientMinimumTlsVersion,
    });
    return this.#context;
  }
}

/** Those that Node brings, and those that the operator of this machine trusts. */
function systemAuthorities(): string[] {
  return [...new Set([...getCACertificates('default'), ...getCACertificates('system')])];
}

function readAuthority(path: string): string {
  try {
    const content = readFileSync(path, 'utf8');
    // TLS takes a file without certificates for an empty list; this throws.
    const { ca: isAuthority } = new X509Certificate(content);
    if (isAuthority) return content;
  } catch (error) {
    throw unusable(path, { cause: error });
  }
  throw unusable(path);
}

function unusable(path: string, options?: ErrorOptions): StartRefusal {
  return new StartRefusal(
    `federation_custom_ca_list: ${path} does not hold the certificate of an authority.`,
    options,
  );
}
