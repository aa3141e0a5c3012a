import { createServer } from 'node:http';

import { listenLocally } from './listen-locally.ts';

/** A CAS server on 127.0.0.1, which logs in whomever the test says. */
export interface CasServer {
  readonly url: string;
  /** The answer to the next tickets, as XML. */
  answer: string;
  /** The paths at which tickets were shown, with the services that they were for. */
  readonly validated: { readonly path: string; readonly service: string }[];
  close(): Promise<void>;
}

const TICKET = 'ST-1';

export async function startCasServer(): Promise<CasServer> {
  const validated: { path: string; service: string }[] = [];
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '', 'http://127.0.0.1');
    const service = url.searchParams.get('service') ?? '';
    if (url.pathname === '/cas/login') {
      const back = new URL(service);
      back.searchParams.set('ticket', TICKET);
      response.writeHead(302, { location: back.href }).end();
      return;
    }
    validated.push({ path: url.pathname, service });
    const isKnown = url.searchParams.get('ticket') === TICKET;
    response.setHeader('content-type', 'application/xml');
    response.end(isKnown ? cas.answer : casFailure);
  });
  const url = await listenLocally(server);
  const cas: CasServer = {
    url: `${url}/cas`,
    answer: casFailure,
    validated,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
  return cas;
}

const casFailure = `<cas:serviceResponse xmlns:cas="http://www.yale.edu/tp/cas">
  <cas:authenticationFailure code="INVALID_TICKET">No such ticket</cas:authenticationFailure>
</cas:serviceResponse>`;

export function casSuccess(user: string, attributes = ''): string {
  return `<?xml version="1.0"?>
<cas:serviceResponse xmlns:cas="http://www.yale.edu/tp/cas">
  <cas:authenticationSuccess>
    <cas:user>${user}</cas:user>
    <cas:attributes>${attributes}</cas:attributes>
  </cas:authenticationSuccess>
</cas:serviceResponse>`;
}
