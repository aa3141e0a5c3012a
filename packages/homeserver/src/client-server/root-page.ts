import { unrecognized } from '../errors/matrix-error.ts';
import { PlainText, reply } from '../http/response.ts';
import { accountEndpoint } from './services.ts';

export const getRootPage = accountEndpoint({
  operationId: 'getRootPage',
  summary: 'Send a browser to the web client',
  spec: 'Server administration',
  method: 'GET',
  paths: ['/'],
  authentication: 'none',
  errcodes: ['M_UNRECOGNIZED'],
  handle(_request, { config }) {
    const { webClientLocation } = config.server;
    if (webClientLocation === undefined) throw unrecognized();
    return reply(new PlainText(webClientLocation), {
      status: 302,
      headers: { Location: webClientLocation },
    });
  },
});
