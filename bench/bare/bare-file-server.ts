// Serves one file to everybody, as plainly as node:http can: what a download costs at least.

import { createReadStream, statSync } from 'node:fs';
import { createServer } from 'node:http';

const [port = '', path = ''] = process.argv.slice(2);

const server = createServer((request, response) => {
  if (request.url === '/_matrix/client/versions') {
    response.end('{}');
    return;
  }
  response.writeHead(200, { 'Content-Length': statSync(path).size });
  createReadStream(path).pipe(response);
});
server.listen(Number(port), '127.0.0.1');
process.once('SIGTERM', () => process.exit(0));
