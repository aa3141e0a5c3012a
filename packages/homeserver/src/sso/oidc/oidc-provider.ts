import type { OidcProviderConfig } from '../../config/config.ts';
import type { OutboundClient } from '../../outbound/outbound-client.ts';
import type { ExternalUser, ProviderRules } from '../external-user.ts';
import { meetsRequirements } from '../external-user.ts';
import type {
  BegunSignIn,
  IdentityProvider,
  PendingSignIn,
  SignInWish,
} from '../identity-provider.ts';
import { SignInRefused } from '../sign-in-refused.ts';
import { mapClaims } from './map-claims.ts';
import type { RelyingParty } from './open-relying-party.ts';
import { outboundFetch } from './outbound-fetch.ts';

/** An entry of `oidc_providers`. It is asked for its metadata, and the libraries are loaded, by the first sign-in. */
export class OidcProvider implements IdentityProvider {
  readonly kind = 'oidc';
  readonly id: string;
  readonly name: string;
  readonly icon: string | undefined;
  readonly brand: string | undefined;
  readonly rules: ProviderRules;
  readonly config: OidcProviderConfig;
  readonly #http: OutboundClient;
  readonly #redirectUri: string;
  #opened: Promise<RelyingParty> | undefined;

  constructor(config: OidcProviderConfig, http: OutboundClient, baseUrl: string) {
    this.id = config.id;
    this.name = config.name;
    this.icon = config.icon;
    this.brand = config.brand;
    this.rules = {
      enablesRegistration: config.enableRegistration,
      allowsExistingUsers: config.allowExistingUsers,
    };
    this.config = config;
    this.#http = http;
    this.#redirectUri = config.redirectUri ?? `${baseUrl}_synapse/client/oidc/callback`;
  }

  async begin(wish: SignInWish): Promise<BegunSignIn> {
    const { config } = this;
    const party = await this.relyingParty();
    const codeVerifier = party.usesPkce ? party.newCodeVerifier() : undefined;
    const passed = config.passthroughAuthorizationParameters.flatMap((name) => {
      const value = wish.parameter(name);
      return value === undefined || value === '' ? [] : [[name, value] as const];
    });
    const location = party.authorizationUrl({
      ...(wish.wantsRegistration && party.offersRegistration ? { prompt: 'create' } : {}),
      ...config.additionalAuthorizationParameters,
      ...Object.fromEntries(passed),
      redirect_uri: this.#redirectUri,
      scope: config.scopes.join(' '),
      state: wish.state,
      ...(config.scopes.includes('openid') ? { nonce: wish.nonce } : {}),
      ...(codeVerifier === undefined
        ? {}
        : {
            code_challenge: await party.codeChallenge(codeVerifier),
            code_challenge_method: 'S256',
          }),
    });
    return { location, codeVerifier };
  }

  async finish(pending: PendingSignIn, answer: URLSearchParams): Promise<ExternalUser> {
    const party = await this.relyingParty();
    const callback = new URL(this.#redirectUri);
    callback.search = answer.toString();
    try {
      const { claims, sessionId } = await party.exchange(callback, pending);
      if (!meetsRequirements(claims, this.config.attributeRequirements)) {
        throw new SignInRefused('not-allowed', `a user of ${this.id} lacks what is required`);
      }
      return mapClaims(this, this.config.mapping, claims, sessionId);
    } catch (error) {
      if (error instanceof SignInRefused) throw error;
      const reason = party.isRefusal(error) ? 'provider-refused' : 'provider-failed';
      throw new SignInRefused(reason, `a sign-in at ${this.id} failed`, { cause: error });
    }
  }

  /** Asked once; after a failure, the next one asks again. Throws a {@link SignInRefused}. */
  async relyingParty(): Promise<RelyingParty> {
    const { openRelyingParty } = await import('./open-relying-party.ts');
    this.#opened ??= openRelyingParty(this.config, outboundFetch(this.#http));
    try {
      return await this.#opened;
    } catch (error) {
      this.#opened = undefined;
      const message = `${this.id} cannot be asked what it is`;
      throw new SignInRefused('provider-failed', message, { cause: error });
    }
  }
}
