import type { Config, SupportContact } from '../config/config.ts';
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

export const getWellknownServer = accountEndpoint({
  operationId: 'getWellknownServer',
  summary: 'Where other servers find the server',
  spec: 'Server discovery',
  method: 'GET',
  paths: ['/.well-known/matrix/server'],
  authentication: 'none',
  errcodes: ['M_NOT_FOUND'],
  handle(_request, { config }) {
    const { serveServerWellknown, serverName } = config.server;
    if (!serveServerWellknown) throw notFound('No delegation information is available');
    // Who reads this came to the name's own port, or to 443.
    return { 'm.server': /:\d+$/.test(serverName) ? serverName : `${serverName}:443` };
  },
});

export const getWellknownSupport = accountEndpoint({
  operationId: 'getWellknownSupport',
  summary: 'Whom to ask for help',
  spec: 'Server administration',
  method: 'GET',
  paths: ['/.well-known/matrix/support'],
  authentication: 'none',
  errcodes: ['M_NOT_FOUND'],
  handle(_request, { config }) {
    const { supportContacts, supportPage } = config.server;
    if (supportContacts.length === 0 && supportPage === undefined) {
      throw notFound('No support information is available');
    }
    return {
      ...(supportContacts.length === 0 ? {} : { contacts: supportContacts.map(toContact) }),
      ...(supportPage === undefined ? {} : { support_page: supportPage }),
    };
  },
});

function toContact({ matrixId, emailAddress, role }: SupportContact): object {
  return {
    ...(matrixId === undefined ? {} : { matrix_id: matrixId }),
    ...(emailAddress === undefined ? {} : { email_address: emailAddress }),
    role,
  };
}
