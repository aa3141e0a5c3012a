import type { Config, ListenerConfig } from './config/config.ts';
import { StartRefusal } from './config/start-refusal.ts';
import type { BoundAddress, ListenerDescription } from './http/listen.ts';
import { isResource } from './http/resources.ts';

/** The listeners of the configuration, as the edge takes them. */
export function describeListeners(config: Config): ListenerDescription[] {
  return config.listeners.map((listener) => ({
    port: listener.port,
    bindAddresses: listener.bindAddresses,
    xForwarded: listener.xForwarded,
    resources: listener.resources.filter(isResource),
    ...(listener.requestIdHeader === undefined
      ? {}
      : { requestIdHeader: listener.requestIdHeader }),
    ...(listener.unixSocket === undefined ? {} : { unixSocket: listener.unixSocket }),
    ...(listener.tls ? { tls: tlsFiles(config, listener) } : {}),
  }));
}

function tlsFiles({ tls }: Config, { port }: ListenerConfig) {
  const { certificatePath, privateKeyPath } = tls;
  if (certificatePath === undefined || privateKeyPath === undefined) {
    throw new StartRefusal(
      `The listener on port ${port} has tls: true, and tls_certificate_path or tls_private_key_path is not set.`,
    );
  }
  return { certificatePath, keyPath: privateKeyPath };
}

/** Where a client finds a listener. */
export function urlOf({ address, port, isTls }: BoundAddress): string {
  if (port === 0) return `unix:${address}`;
  const host = address.includes(':') ? `[${address}]` : address;
  return `${isTls ? 'https' : 'http'}://${host}:${port}`;
}
