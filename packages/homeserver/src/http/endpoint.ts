import type { Static, TObject, TSchema } from 'typebox';

import type { ServerName, UserId } from '@soma/protocol';

import type { ApplicationService } from '../appservices/application-service.ts';
import type { Errcode } from '../errors/errcodes.ts';
import type { ParamsOf } from './paths.ts';

export { clientPaths, v1Paths } from './paths.ts';

export type HttpMethod = 'GET' | 'POST' | 'PUT' | 'DELETE' | 'PATCH';

/**
 * `none` reads no token; `optional` gives a requester if there is a token (a wrong one is refused);
 * `admin` wants a server administrator. `server` wants a request that another server has signed.
 */
export type Authentication = 'none' | 'optional' | 'required' | 'admin' | 'server';

/** Whose access token came with the request. */
export interface Requester {
  readonly userId: UserId;
  readonly userNid: number;
  readonly deviceId: string | undefined;
  readonly deviceNid: number | undefined;
  readonly tokenNid: number | undefined;
  readonly isAdmin: boolean;
  readonly isGuest: boolean;
  /** Client-server API, "Account locking". */
  readonly isLocked?: boolean;
  /** Client-server API, "Account suspension". */
  readonly isSuspended?: boolean;
  /** The application service that asks, as the user or as its own. */
  readonly applicationService?: ApplicationService;
  /** No rate limit counts this requester: an application service, or an operator's override. */
  readonly isRateLimitExempt?: boolean;
}

/** What a listener serves; see `resources` of a listener in Synapse's configuration. */
export type Resource =
  | 'client'
  | 'federation'
  | 'health'
  | 'keys'
  | 'media'
  | 'metrics'
  | 'openid'
  | 'replication'
  | 'static';

/** A request as a handler sees it. */
export interface EndpointRequest<Params, Query, Body, Who, Origin = ServerName | undefined> {
  readonly method: HttpMethod;
  /** As sent, percent-encoded, without the query. */
  readonly path: string;
  /** Percent-decoded once; a `%2F` inside a parameter stays inside it. */
  readonly params: Params;
  readonly query: Query;
  /** As parsed: nothing is coerced, dropped or re-ordered. */
  readonly body: Body;
  readonly requester: Who;
  /** The server that signed the request, where the endpoint wants one. */
  readonly origin: Origin;
  readonly accessToken: string | undefined;
  readonly clientAddress: string;
  readonly userAgent: string;
  readonly requestId: string;
  /** Aborted when the client goes away, and when the server stops: a long poll then answers. */
  readonly signal: AbortSignal;
  /** The request target as sent, with its query. */
  readonly target: string;
  header(name: string): string | undefined;
  /** A query parameter that the endpoint's schema does not name, percent-decoded. */
  queryParameter(name: string): string | undefined;
}

export type AnyRequest = EndpointRequest<unknown, unknown, unknown, Requester | undefined>;

/** A plain object is a 200 of JSON; see `response.ts` for `reply`, `JsonText` and the others. */
export type HandlerResult = object | Promise<object>;

/** What of an endpoint is data. */
export interface EndpointDescription {
  /** Unique, as in the spec's OpenAPI where it has one, e.g. `sendMessage`. */
  readonly operationId: string;
  readonly summary: string;
  /** The spec's module, e.g. `Room participation`. */
  readonly spec: string;
  readonly method: HttpMethod;
  /** With `{name}` for a parameter of one segment. */
  readonly paths: readonly string[];
  readonly authentication: Authentication;
  /** Default false: guests are refused, M_GUEST_ACCESS_FORBIDDEN. */
  readonly guests?: boolean;
  /** Default false: locked accounts are refused; they may log out. */
  readonly locked?: boolean;
  /** Default true: suspended accounts may use it. */
  readonly suspended?: boolean;
  /** The name of the limit that each request counts against, e.g. `rc_message`. */
  readonly rateLimit?: string;
  /** Of an endpoint for servers. False: it has a limit of its own in place of `rc_federation`. */
  readonly serverRateLimit?: boolean;
  /** Default: from the first path's prefix. */
  readonly resource?: Resource;
  /** Converted as the query is; by default the path's parameters as strings. */
  readonly params?: TObject;
  /** Strings become integers, numbers and booleans as the schema says; defaults are filled in. */
  readonly query?: TObject;
  /** Without a schema the body is not read. */
  readonly body?: TSchema;
  /**
   * Default `json`. `bytes` gives a Buffer, `stream` an async iterable of Buffers. What another server signs is JSON in
   * any case; `bytes` gives its text.
   */
  readonly bodyAs?: 'json' | 'bytes' | 'stream';
  readonly bodyBytesMax?: number;
  /** An empty body is then `{}` and not M_NOT_JSON. */
  readonly bodyOptional?: boolean;
  /** The bodies by status, for the documentation. */
  readonly responses?: Readonly<Record<number, TSchema>>;
  /** Those beyond the common ones that any endpoint answers. */
  readonly errcodes: readonly Errcode[];
  readonly deprecated?: boolean;
}

/** An endpoint as the router, the documentation and the reports read it. */
export interface Endpoint<Services> extends EndpointDescription {
  handle(request: AnyRequest, services: Services): HandlerResult;
}

type ValueOf<Schema extends TSchema, Default> = TSchema extends Schema ? Default : Static<Schema>;
type FieldsOf<Schema extends TObject, Default> = TObject extends Schema ? Default : Static<Schema>;

type BodyOf<Schema extends TSchema, As> = As extends 'bytes'
  ? Buffer
  : As extends 'stream'
    ? AsyncIterable<Buffer>
    : ValueOf<Schema, undefined>;

type RequesterOf<Auth extends Authentication> = Auth extends 'required' | 'admin'
  ? Requester
  : Auth extends 'optional'
    ? Requester | undefined
    : undefined;

type OriginOf<Auth extends Authentication> = Auth extends 'server' ? ServerName : undefined;

interface TypedEndpoint<
  Services,
  Path extends string,
  Auth extends Authentication,
  Params extends TObject,
  Query extends TObject,
  Body extends TSchema,
  As extends 'json' | 'bytes' | 'stream',
> extends EndpointDescription {
  readonly paths: readonly Path[];
  readonly authentication: Auth;
  readonly params?: Params;
  readonly query?: Query;
  readonly body?: Body;
  readonly bodyAs?: As;
  handle(
    request: EndpointRequest<
      FieldsOf<Params, ParamsOf<Path>>,
      FieldsOf<Query, Readonly<Record<string, never>>>,
      BodyOf<Body, As>,
      RequesterOf<Auth>,
      OriginOf<Auth>
    >,
    services: Services,
  ): HandlerResult;
}

/**
 * The maker of an edge's endpoints, which share the services that the edge is given:
 * `const clientEndpoint = endpointFor<ClientServices>()`.
 */
export function endpointFor<Services>() {
  return function endpoint<
    const Path extends string,
    const Auth extends Authentication,
    Params extends TObject = TObject,
    Query extends TObject = TObject,
    Body extends TSchema = TSchema,
    const As extends 'json' | 'bytes' | 'stream' = 'json',
  >(definition: TypedEndpoint<Services, Path, Auth, Params, Query, Body, As>): Endpoint<Services> {
    return definition;
  };
}

/** An endpoint that needs no services. */
export const endpoint = endpointFor<unknown>();

/** Endpoints together with the services that their handlers are given. */
export interface MountedEndpoint {
  readonly endpoint: Endpoint<never>;
  invoke(request: AnyRequest): HandlerResult;
}

export function mount<Services>(
  endpoints: readonly Endpoint<Services>[],
  services: Services,
): readonly MountedEndpoint[] {
  return endpoints.map((each) => ({
    endpoint: each,
    invoke: (request) => each.handle(request, services),
  }));
}
