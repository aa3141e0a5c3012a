import { MatrixError } from '../errors/matrix-error.ts';
import { OutboundError } from '../outbound/outbound-error.ts';
import type { ApplicationService } from './application-service.ts';
import type { ApplicationServices } from './application-services.ts';
import { questionAttempts, questionTimeoutMs } from './limits.ts';
import { isSuccess } from './service-client.ts';
import type { ServiceAnswer, ServiceClient } from './service-client.ts';

/** Asks application services for what is in their namespaces and not there (Application Service API, "Querying"). */
export class ServiceQueries {
  readonly #services: ApplicationServices;
  readonly #client: ServiceClient;

  constructor(services: ApplicationServices, client: ServiceClient) {
    this.#services = services;
    this.#client = client;
  }

  /**
   * Whether a service has made the user. One that does not answer has not, as what the user is wanted for goes on
   * without.
   */
  async bringUser(userId: string): Promise<boolean> {
    const path = `/users/${encodeURIComponent(userId)}`;
    for (const service of this.#asked()) {
      if (!service.hasUser(userId)) continue;
      const answer = await this.#ask(service, path);
      if (answer !== undefined && isSuccess(answer)) return true;
    }
    return false;
  }

  /** Whether a service has made the room. Throws a 408 where one does not answer. */
  async bringAlias(alias: string): Promise<boolean> {
    const path = `/rooms/${encodeURIComponent(alias)}`;
    let isSilent = false;
    for (const service of this.#asked()) {
      if (!service.hasAlias(alias)) continue;
      const answer = await this.#ask(service, path);
      if (answer !== undefined && isSuccess(answer)) return true;
      isSilent ||= answer === undefined;
    }
    if (isSilent) {
      throw new MatrixError(408, 'M_UNKNOWN', 'The application service of this alias is silent');
    }
    return false;
  }

  #asked(): ApplicationService[] {
    return this.#services.all.filter(({ config }) => config.url !== undefined);
  }

  /** Undefined where it does not answer, however often it is asked. */
  async #ask(service: ApplicationService, path: string): Promise<ServiceAnswer | undefined> {
    for (let attempt = 0; attempt < questionAttempts; attempt += 1) {
      try {
        return await this.#client.call(service, {
          method: 'GET',
          path: `/_matrix/app/v1${path}`,
          oldPath: path,
          timeoutMs: questionTimeoutMs,
        });
      } catch (error) {
        if (!(error instanceof OutboundError)) throw error;
      }
    }
    return undefined;
  }
}
