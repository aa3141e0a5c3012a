import type { Config } from './config.ts';

const DEFAULT_ADDRESS = 'http://localhost:8008';

/** Where a program on this machine reaches the client-server API of the server. */
export function clientAddress(config: Config): string {
  const serving = config.listeners.filter(
    ({ unixSocket, resources }) => unixSocket === undefined && resources.includes('client'),
  );
  const listener = serving.find(({ tls }) => !tls) ?? serving[0];
  if (listener === undefined) return DEFAULT_ADDRESS;
  const { port, bindAddresses } = listener;
  const [address = 'localhost'] = bindAddresses;
  const everywhere = bindAddresses.some((bound) =>
    ['::', '0.0.0.0', '127.0.0.1', '::1', 'localhost'].includes(bound),
  );
  const host = everywhere ? 'localhost' : address.includes(':') ? `[${address}]` : address;
  return `${listener.tls ? 'https' : 'http'}://${host}:${port}`;
}
