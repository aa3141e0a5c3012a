import findMyWay from 'find-my-way';

import { invalidParam, unrecognized } from '../errors/matrix-error.ts';
import type { MatrixError } from '../errors/matrix-error.ts';
import type { HttpMethod, MountedEndpoint, Resource } from './endpoint.ts';
import { resourceOf } from './resources.ts';
import { Route } from './route.ts';
import type { PathParams, RouteOptions } from './route.ts';

export interface RouteMatch {
  readonly route: Route;
  readonly params: PathParams;
}

/** Longer than any request line that node takes. */
const paramLengthMax = 65_536;

const allMethods: readonly HttpMethod[] = ['GET', 'POST', 'PUT', 'DELETE', 'PATCH'];
const routedMethods: Readonly<Record<string, HttpMethod>> = {
  GET: 'GET',
  HEAD: 'GET',
  POST: 'POST',
  PUT: 'PUT',
  DELETE: 'DELETE',
  PATCH: 'PATCH',
};

/** Finds the endpoint of a request. Built once per set of resources that a listener serves. */
export class Router {
  readonly #tree = findMyWay({
    maxParamLength: paramLengthMax,
    // A match without a store then tells a malformed percent-encoding from an unknown path.
    onBadUrl: noHandler,
    // The endpoint's schema reads the query.
    querystringParser: noQuery,
  });

  constructor(routes: readonly Route[]) {
    const taken = new Map<string, string>();
    for (const route of routes) {
      const { method, operationId, paths } = route.endpoint;
      for (const path of paths) {
        const key = `${method} ${path.replaceAll(/\{[^}]*\}/g, '{}')}`;
        const other = taken.get(key);
        if (other !== undefined) {
          throw new Error(`${method} ${path} belongs to both ${other} and ${operationId}`);
        }
        taken.set(key, operationId);
        this.#tree.on(method, toPattern(path), noHandler, route);
      }
    }
  }

  /**
   * `target` is the request target as sent. Parameters are percent-decoded once.
   * Throws 404 and 405 M_UNRECOGNIZED, and M_INVALID_PARAM for a malformed percent-encoding.
   */
  find(method: string, target: string): RouteMatch {
    const routed = routedMethods[method];
    const match = routed === undefined ? null : this.#tree.find(routed, target);
    if (match === null) throw this.#refusal(routed, target);
    const route: unknown = match.store;
    if (!(route instanceof Route)) {
      throw invalidParam('The path is not valid percent-encoding');
    }
    return { route, params: match.params };
  }

  #refusal(routed: HttpMethod | undefined, target: string): MatrixError {
    const isKnownPath = allMethods.some(
      (method) => method !== routed && this.#tree.find(method, target)?.store instanceof Route,
    );
    return unrecognized(isKnownPath ? 405 : 404);
  }
}

/** The routes of those endpoints that belong to one of the resources. */
export function routesOf(
  mounted: readonly MountedEndpoint[],
  resources: ReadonlySet<Resource>,
  options: RouteOptions,
): Route[] {
  return mounted
    .filter(({ endpoint }) => resources.has(resourceOf(endpoint)))
    .map((each) => new Route(each, options));
}

/** `/rooms/{roomId}/join` in find-my-way's notation. */
function toPattern(path: string): string {
  if (!path.startsWith('/') || /[*()?]/.test(path)) {
    throw new Error(`${path} is not a path of an endpoint`);
  }
  const segments = path.split('/').map((segment) => {
    const name = /^\{(\w+)\}$/.exec(segment)?.[1];
    if (name !== undefined) return `:${name}`;
    if (/[{}]/.test(segment)) throw new Error(`In ${path} a parameter is not a whole segment`);
    return segment.replaceAll(':', '::');
  });
  return segments.join('/');
}

function noHandler(): void {}

function noQuery(): undefined {}
