import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

import { listAt, valueAt } from './json-path.ts';

/** A push gateway that the test plays: it notes what it is told. */
export interface PushGateway {
  readonly url: string;
  /** The bodies so far, in order. */
  readonly requests: unknown[];
  /** The status of the answers from now on. */
  status: number;
  /** The pushkeys that it rejects. */
  rejected: string[];
  /** What it was told of a pushkey, once `holds` does; fails after a while. */
  until(pushkey: string, holds: (notifications: unknown[]) => boolean): Promise<unknown[]>;
  close(): Promise<void>;
}

const PATIENCE_MS = 15_000;

export async function startPushGateway(): Promise<PushGateway> {
  const requests: unknown[] = [];
  const listeners = new Set<() => void>();
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      requests.push(JSON.parse(Buffer.concat(chunks).toString()));
      response.writeHead(gateway.status, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ rejected: gateway.rejected }));
      for (const listener of listeners) listener();
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  const toldOf = (pushkey: string): unknown[] =>
    requests
      .map((body) => valueAt(body, 'notification'))
      .filter((one) =>
        listAt(one, 'devices').some((device) => valueAt(device, 'pushkey') === pushkey),
      );
  const gateway: PushGateway = {
    url: `http://127.0.0.1:${port}/_matrix/push/v1/notify`,
    requests,
    status: 200,
    rejected: [],
    until: (pushkey, holds) =>
      new Promise((resolve, reject) => {
        const check = (): void => {
          const told = toldOf(pushkey);
          if (!holds(told)) return;
          clearTimeout(timer);
          listeners.delete(check);
          resolve(told);
        };
        const timer = setTimeout(() => {
          listeners.delete(check);
          reject(new Error(`the gateway was told only ${JSON.stringify(toldOf(pushkey))}`));
        }, PATIENCE_MS);
        listeners.add(check);
        check();
      }),
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => {
        server.close(resolve);
      });
    },
  };
  return gateway;
}
