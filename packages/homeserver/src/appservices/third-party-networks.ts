import { isJsonObject } from '@soma/protocol';
import type { JsonObject, JsonValue } from '@soma/protocol';

import { OutboundError } from '../outbound/outbound-error.ts';
import type { ApplicationService } from './application-service.ts';
import type { ApplicationServices } from './application-services.ts';
import { questionTimeoutMs } from './limits.ts';
import { networkInstanceId } from './network-instance.ts';
import { isSuccess } from './service-client.ts';
import type { ServiceClient } from './service-client.ts';

/** What of other networks can be looked up. */
export type ThirdPartyKind = 'user' | 'location';

const BASE = '/_matrix/app/v1/thirdparty';
const OLD_BASE = '/_matrix/app/unstable/thirdparty';

/**
 * Asks application services for what they know of other networks (Application Service API, "Third-party networks").
 * One that does not answer, or not as it should, knows nothing.
 */
export class ThirdPartyNetworks {
  readonly #services: ApplicationServices;
  readonly #client: ServiceClient;

  constructor(services: ApplicationServices, client: ServiceClient) {
    this.#services = services;
    this.#client = client;
  }

  /** All that somebody speaks, by name. */
  async protocols(): Promise<JsonObject> {
    const names = new Set(this.#services.all.flatMap(({ config }) => config.protocols));
    const found = await Promise.all(
      [...names].map(async (name) => [name, await this.protocol(name)] as const),
    );
    return Object.fromEntries(
      found.flatMap(([name, described]) => (described === undefined ? [] : [[name, described]])),
    );
  }

  /** A protocol with the instances of all services that speak it; undefined where none does. */
  async protocol(name: string): Promise<JsonObject | undefined> {
    const answers = await Promise.all(
      this.#speaking(name).map(async (service) => {
        const answer = await this.#ask(service, `/protocol/${encodeURIComponent(name)}`, {});
        return isProtocol(answer) ? { ...answer, instances: instancesOf(answer, service) } : [];
      }),
    );
    const described = answers.flat();
    const [first] = described;
    if (first === undefined) return undefined;
    return { ...first, instances: described.flatMap(({ instances }) => instances) };
  }

  /** Users or rooms that stand for something there: of one protocol, or of all. */
  async lookUp(
    kind: ThirdPartyKind,
    fields: Readonly<Record<string, string>>,
    protocol?: string,
  ): Promise<JsonObject[]> {
    const asked = protocol === undefined ? this.#withUrl() : this.#speaking(protocol);
    const path = protocol === undefined ? `/${kind}` : `/${kind}/${encodeURIComponent(protocol)}`;
    const answers = await Promise.all(asked.map((service) => this.#ask(service, path, fields)));
    const named = kind === 'user' ? 'userid' : 'alias';
    return answers.flatMap((answer) =>
      Array.isArray(answer) ? answer.filter((each) => isResult(each, named)) : [],
    );
  }

  #withUrl(): ApplicationService[] {
    return this.#services.all.filter(
      ({ config }) => config.url !== undefined && config.protocols.length > 0,
    );
  }

  #speaking(protocol: string): ApplicationService[] {
    return this.#withUrl().filter(({ config }) => config.protocols.includes(protocol));
  }

  async #ask(
    service: ApplicationService,
    path: string,
    query: Readonly<Record<string, string>>,
  ): Promise<JsonValue | undefined> {
    const paths = { path: BASE + path, oldPath: OLD_BASE + path };
    try {
      const call = { method: 'GET', ...paths, query, timeoutMs: questionTimeoutMs } as const;
      const answer = await this.#client.call(service, call);
      return isSuccess(answer) ? JSON.parse(answer.body.toString()) : undefined;
    } catch (error) {
      if (error instanceof OutboundError || error instanceof SyntaxError) return undefined;
      throw error;
    }
  }
}

function isProtocol(answer: JsonValue | undefined): answer is JsonObject {
  return (
    isJsonObject(answer) &&
    Array.isArray(answer['user_fields']) &&
    Array.isArray(answer['location_fields']) &&
    isJsonObject(answer['field_types']) &&
    Array.isArray(answer['instances'])
  );
}

/** With the ID by which the directory of published rooms knows the network. */
function instancesOf({ instances }: JsonObject, { id }: ApplicationService): JsonObject[] {
  if (!Array.isArray(instances)) return [];
  return instances.filter(isJsonObject).map((instance) => {
    const { network_id: networkId } = instance;
    if (typeof networkId !== 'string') return instance;
    return { ...instance, instance_id: networkInstanceId(id, networkId) };
  });
}

function isResult(value: JsonValue, named: 'userid' | 'alias'): value is JsonObject {
  return (
    isJsonObject(value) &&
    typeof value[named] === 'string' &&
    typeof value['protocol'] === 'string' &&
    isJsonObject(value['fields'])
  );
}
