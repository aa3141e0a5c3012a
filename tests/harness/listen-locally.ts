import type { Server } from 'node:http';

/** Has a server listen on a free port of 127.0.0.1, and gives its URL. */
export function listenLocally(server: Server): Promise<string> {
  return new Promise((resolve, reject) => {
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      if (address !== null && typeof address === 'object') {
        resolve(`http://127.0.0.1:${address.port}`);
      } else reject(new Error('the server has no TCP address'));
    });
  });
}
