import type { Config } from '../config/config.ts';
import { exclusive } from '../errors/matrix-error.ts';
import { ApplicationService } from './application-service.ts';

/** The application services of this server. */
export class ApplicationServices {
  readonly all: readonly ApplicationService[];
  readonly #byToken: ReadonlyMap<string, ApplicationService>;

  constructor({ applicationServices, server }: Pick<Config, 'applicationServices' | 'server'>) {
    this.all = applicationServices.services.map(
      (config) => new ApplicationService(config, server.serverName),
    );
    this.#byToken = new Map(this.all.map((service) => [service.config.asToken, service]));
  }

  /** Whose `as_token` it is. */
  byToken(token: string): ApplicationService | undefined {
    return this.#byToken.get(token);
  }

  /** Whether users may not have the name, except those of `service`. */
  readonly isUserReserved = (userId: string, service?: ApplicationService): boolean =>
    this.all.some((each) => each !== service && each.ownsUser(userId));

  /** Whether the user is one of a service's, exclusive or not. */
  readonly isServiceUser = (userId: string): boolean =>
    this.all.some((each) => each.hasUser(userId));

  /**
   * Throws `400 M_EXCLUSIVE` for an alias that another application service has for itself and, where one asks, for
   * one that is not in its own namespaces.
   */
  checkAliasOwner(alias: string, serviceId: string | undefined): void {
    const service = this.all.find(({ id }) => id === serviceId);
    if (service !== undefined && !service.hasAlias(alias)) {
      throw exclusive('The alias is not one of the application service');
    }
    if (this.all.some((each) => each !== service && each.ownsAlias(alias))) {
      throw exclusive('An application service has this alias');
    }
  }
}
