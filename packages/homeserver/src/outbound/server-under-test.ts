import { createServer } from 'node:http';
import type { RequestListener } from 'node:http';
import { after } from 'node:test';

/** A plain server on an address of this machine, ended with the tests of the file; resolves to its port. */
export async function serve(listener: RequestListener, host = '127.0.0.2'): Promise<number> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  after(() => {
    server.close();
    server.closeAllConnections();
  });
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}
