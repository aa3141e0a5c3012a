import type { ServerConfig } from './server.ts';

/** Where clients reach the server. As Synapse: where the operator does not say, at the server's name. */
export function baseUrlOf({ publicBaseurl, serverName }: ServerConfig): string {
  return publicBaseurl ?? `https://${serverName}/`;
}
