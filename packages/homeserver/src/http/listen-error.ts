/** A listener that cannot be opened. The message says which and what the operator can do. */
export class ListenError extends Error {
  constructor(port: number, address: string, cause: unknown) {
    const place = address.startsWith('/') ? `the socket ${address}` : `port ${port} of ${address}`;
    super(`Cannot listen on ${place}: ${remedy(port, address, cause)}`, { cause });
    this.name = 'ListenError';
  }
}

export function errorCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}

function remedy(port: number, address: string, cause: unknown): string {
  if (address.startsWith('/')) return socketRemedy(cause);
  switch (errorCode(cause)) {
    case 'EADDRINUSE':
      return 'another program listens there. Stop it, or set another `port` in `listeners`.';
    case 'EACCES':
      return (
        `this user may not open port ${port}. Set a \`port\` from 1024 on in \`listeners\`, ` +
        'with a reverse proxy in front of it.'
      );
    case 'EADDRNOTAVAIL':
    case 'EAFNOSUPPORT':
    case 'EINVAL':
      return `${address} is not an address of this machine. Correct \`bind_addresses\` in \`listeners\`.`;
    case 'ENOTFOUND':
      return `the name ${address} has no address. Give an IP address in \`bind_addresses\`.`;
    default:
      return cause instanceof Error ? cause.message : String(cause);
  }
}

function socketRemedy(cause: unknown): string {
  switch (errorCode(cause)) {
    case 'EADDRINUSE':
      return 'another program listens there. Stop it, or set another `path` in `listeners`.';
    case 'EACCES':
    case 'ENOENT':
      return 'its folder must exist, and this user must be allowed to write into it.';
    default:
      return cause instanceof Error ? cause.message : String(cause);
  }
}
