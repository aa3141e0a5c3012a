import { BodyCheck } from './body-check.ts';
import type {
  AnyRequest,
  EndpointDescription,
  HandlerResult,
  MountedEndpoint,
} from './endpoint.ts';
import { bodyBytesMaxDefault } from './limits.ts';
import { ParameterReader } from './parameters.ts';
import type { EndpointRateLimit, EndpointRateLimits } from './rate-limit.ts';

export type PathParams = Readonly<Record<string, string | undefined>>;

export interface RouteOptions {
  /** By the names that endpoints give. */
  readonly rateLimits?: EndpointRateLimits;
  /** For endpoints without their own. */
  readonly bodyBytesMax?: number;
}

const noValues = Object.freeze({});

/** An endpoint made ready to serve. Its schemas are compiled once, on its first request. */
export class Route {
  readonly endpoint: EndpointDescription;
  readonly bodyBytesMax: number;
  readonly rateLimit: EndpointRateLimit | undefined;
  readonly #mounted: MountedEndpoint;
  #params: ParameterReader | undefined;
  #query: ParameterReader | undefined;
  #body: BodyCheck | undefined;

  constructor(mounted: MountedEndpoint, options: RouteOptions) {
    const { endpoint } = mounted;
    this.endpoint = endpoint;
    this.#mounted = mounted;
    this.bodyBytesMax = endpoint.bodyBytesMax ?? options.bodyBytesMax ?? bodyBytesMaxDefault;
    if (endpoint.authentication === 'server' && endpoint.bodyAs === 'stream') {
      throw new Error(`${endpoint.operationId}: what other servers sign is read as a whole`);
    }
    if (endpoint.rateLimit !== undefined) {
      this.rateLimit = options.rateLimits?.[endpoint.rateLimit];
      if (this.rateLimit === undefined) {
        throw new Error(
          `${endpoint.operationId} names the rate limit ${endpoint.rateLimit}, which is not given`,
        );
      }
    }
  }

  get readsBody(): boolean {
    return this.endpoint.body !== undefined || this.endpoint.bodyAs !== undefined;
  }

  params(params: PathParams): unknown {
    if (this.endpoint.params === undefined) return params;
    this.#params ??= new ParameterReader(this.endpoint.params, 'path parameter');
    return this.#params.fromParams(params);
  }

  query(text: string): unknown {
    if (this.endpoint.query === undefined) return noValues;
    this.#query ??= new ParameterReader(this.endpoint.query, 'query parameter');
    return this.#query.fromQuery(text);
  }

  checkBody(value: unknown): void {
    if (this.endpoint.body === undefined) return;
    this.#body ??= new BodyCheck(this.endpoint.body);
    this.#body.check(value);
  }

  invoke(request: AnyRequest): HandlerResult {
    return this.#mounted.invoke(request);
  }
}
