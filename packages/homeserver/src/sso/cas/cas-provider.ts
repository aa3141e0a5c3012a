import type { CasConfig } from '../../config/config.ts';
import type { OutboundClient } from '../../outbound/outbound-client.ts';
import { meetsRequirements } from '../external-user.ts';
import type { ExternalUser, ProviderRules } from '../external-user.ts';
import type {
  BegunSignIn,
  IdentityProvider,
  PendingSignIn,
  SignInWish,
} from '../identity-provider.ts';
import { externalIdLengthMax } from '../limits.ts';
import { mapLocalpart } from '../map-localpart.ts';
import { SignInRefused } from '../sign-in-refused.ts';
import type { CasUser } from './read-service-response.ts';

/** CAS servers are told which services they may serve by this address. */
export const ticketPath = '/_matrix/client/r0/login/cas/ticket';

/** The server of `cas_config`. */
export class CasProvider implements IdentityProvider {
  readonly kind = 'cas';
  readonly id = 'cas';
  readonly name: string;
  readonly icon: string | undefined;
  readonly brand: string | undefined;
  readonly rules: ProviderRules;
  readonly #config: CasConfig;
  readonly #http: OutboundClient;
  readonly #serviceUrl: string;

  constructor(config: CasConfig, http: OutboundClient, baseUrl: string) {
    this.name = config.name;
    this.icon = config.icon;
    this.brand = config.brand;
    // As Synapse: with CAS, who has the name of an account has the account.
    this.rules = { enablesRegistration: config.enableRegistration, allowsExistingUsers: true };
    this.#config = config;
    this.#http = http;
    this.#serviceUrl = baseUrl.replace(/\/$/, '') + ticketPath;
  }

  async begin({ state }: SignInWish): Promise<BegunSignIn> {
    const query = new URLSearchParams({ service: this.#service(state) });
    return { location: `${this.#config.serverUrl}/login?${query.toString()}` };
  }

  async finish({ state }: PendingSignIn, answer: URLSearchParams): Promise<ExternalUser> {
    const ticket = answer.get('ticket');
    if (ticket === null) throw new SignInRefused('provider-refused', 'CAS gave no ticket');
    const user = await this.#validate(ticket, state);
    const attributes = Object.fromEntries(user.attributes);
    if (!meetsRequirements(attributes, this.#config.requiredAttributes)) {
      throw new SignInRefused('not-allowed', 'a user of CAS lacks what is required');
    }
    const { displaynameAttribute } = this.#config;
    const displayName =
      displaynameAttribute === undefined
        ? undefined
        : user.attributes.get(displaynameAttribute)?.[0];
    return {
      provider: this,
      externalId: user.name,
      providerSessionId: undefined,
      localpart: mapLocalpart(user.name),
      confirmsLocalpart: false,
      displayName,
      email: undefined,
      pictureUrl: undefined,
      extraAttributes: {},
    };
  }

  /** Asks the CAS server whose ticket it is. */
  async #validate(ticket: string, state: string): Promise<CasUser> {
    const { serverUrl, protocolVersion } = this.#config;
    const query = new URLSearchParams({ ticket, service: this.#service(state) });
    const path = protocolVersion === 3 ? '/p3/proxyValidate' : '/proxyValidate';
    const url = `${serverUrl}${path}?${query.toString()}`;
    const { readServiceResponse } = await import('./read-service-response.ts');
    const text = await this.#fetch(url);
    const user = readServiceResponse(text);
    if (user === undefined || user.name.length > externalIdLengthMax) {
      throw new SignInRefused('provider-refused', 'CAS does not know the ticket');
    }
    return { ...user, name: this.#withPrefix(user.name) };
  }

  async #fetch(url: string): Promise<string> {
    try {
      const answer = await this.#http.request({ url });
      if (answer.status !== 200) {
        answer.body.discard();
        throw new Error(`CAS answered ${answer.status}`);
      }
      return (await answer.body.bytes()).toString();
    } catch (error) {
      throw new SignInRefused('provider-failed', 'CAS cannot be asked', { cause: error });
    }
  }

  #service(state: string): string {
    return `${this.#serviceUrl}?${new URLSearchParams({ state }).toString()}`;
  }

  #withPrefix(name: string): string {
    const { allowNumericIds, numericIdsPrefix } = this.#config;
    return allowNumericIds && /^\d+$/.test(name) ? numericIdsPrefix + name : name;
  }
}
