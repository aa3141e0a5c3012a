import type { Config } from '../config/config.ts';
import { notFound } from '../errors/matrix-error.ts';
import { accountEndpoint } from './services.ts';

/** What clients learn of the server's address; undefined where the operator has not given it. */
export function wellKnownClient({ server }: Config): object | undefined {
  if (server.publicBaseurl === undefined) return undefined;
  return {
    ...server.extraWellKnownClientContent,
    'm.homeserver': { base_url: server.publicBaseurl },
  };
}

export const getWellknown = accountEndpoint({
  operationId: 'getWellknown',
  summary: 'Where clients find the server',
  spec: 'Server discovery',
  method: 'GET',
  paths: ['/.well-known/matrix/client'],
  authentication: 'none',
  errcodes: ['M_NOT_FOUND'],
  handle(_request, { config }) {
    const content = wellKnownClient(config);
    if (content === undefined) throw notFound('No discovery information is available');
    return content;
  },
});
