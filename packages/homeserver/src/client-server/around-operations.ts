import type { Endpoint } from '../http/endpoint.ts';
import type { ClientServices } from './services.ts';

type ClientEndpoint = Endpoint<ClientServices>;
type Handle = ClientEndpoint['handle'];

/** The endpoints, of which those of the named operations are handled by what `around` makes of their handler. */
export function aroundOperations(
  endpoints: readonly ClientEndpoint[],
  operationIds: ReadonlySet<string>,
  around: (handle: Handle) => Handle,
): ClientEndpoint[] {
  return endpoints.map((endpoint) =>
    operationIds.has(endpoint.operationId)
      ? { ...endpoint, handle: around((request, services) => endpoint.handle(request, services)) }
      : endpoint,
  );
}
