import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';

/** The Chromium of the system; undefined when there is none. */
export const chromium: string | undefined = (process.env['PATH'] ?? '')
  .split(delimiter)
  .map((folder) => join(folder, 'chromium'))
  .find((path) => existsSync(path));

/**
 * Runs a module in a page of headless Chromium and gives what it writes into `document.body`.
 *
 * @param folder what the page's server serves
 * @param imports the page's import map, from names to paths below the folder
 * @param profileFolder where the browser may write
 */
export async function inChromium(
  program: string,
  code: string,
  folder: string,
  imports: Readonly<Record<string, string>>,
  profileFolder: string,
): Promise<string> {
  const page =
    `<!doctype html><script type="importmap">${JSON.stringify({ imports })}</script>` +
    `<body><script type="module">${code}</script></body>`;
  const server = await serve(page, folder);
  try {
    const address = server.address();
    const port = typeof address === 'object' ? address?.port : undefined;
    const { stdout } = await promisify(execFile)(
      program,
      [
        '--headless',
        '--no-sandbox',
        '--disable-gpu',
        `--user-data-dir=${profileFolder}`,
        '--virtual-time-budget=10000',
        '--dump-dom',
        `http://127.0.0.1:${port}/`,
      ],
      { timeout: 60_000 },
    );
    return /<body>(.*?)<\/body>/s.exec(stdout)?.[1] ?? '';
  } finally {
    server.close();
    server.closeAllConnections();
  }
}

async function serve(page: string, folder: string): Promise<Server> {
  const server = createServer((request, response) => {
    const path = request.url ?? '/';
    const type = path === '/' ? 'text/html' : 'text/javascript';
    const content = path === '/' ? Promise.resolve(page) : readFile(join(folder, path));
    content.then(
      (body) => response.setHeader('content-type', type).end(body),
      () => response.writeHead(404).end(),
    );
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}
