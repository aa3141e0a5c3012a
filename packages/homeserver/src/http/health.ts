import { endpoint } from './endpoint.ts';
import { PlainText } from './response.ts';

/** Answers as soon as the listener does: for load balancers and service supervisors. */
export const healthEndpoint = endpoint({
  operationId: 'health',
  summary: 'Whether this process serves',
  spec: 'Operation',
  method: 'GET',
  paths: ['/health'],
  authentication: 'none',
  errcodes: [],
  handle: () => new PlainText('OK'),
});
