/** Client-server API, "Web Browser Clients": on every response, also of errors. */
export const corsHeaders: readonly string[] = [
  'Access-Control-Allow-Origin',
  '*',
  'Access-Control-Allow-Methods',
  'GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS',
  'Access-Control-Allow-Headers',
  'X-Requested-With, Content-Type, Authorization, Date',
  // What a script may read of a response beyond the few headers that are always readable.
  'Access-Control-Expose-Headers',
  'Retry-After, ETag, Server',
];

/** Of a preflight, which a browser may remember for a day. */
export const preflightHeaders: readonly string[] = [
  ...corsHeaders,
  'Access-Control-Max-Age',
  '86400',
];

// Without it a cache between could keep answers that depend on the access token.
const notCached: readonly string[] = ['Cache-Control', 'no-cache, no-store, must-revalidate'];

const jsonHeaders: readonly string[] = [
  'Content-Type',
  'application/json',
  ...notCached,
  ...corsHeaders,
];

// A page of ours inside another site's frame could be clicked unknowingly.
const htmlHeaders: readonly string[] = [
  'X-Frame-Options',
  'DENY',
  'Content-Security-Policy',
  "frame-ancestors 'none'",
];

/** Names and values, flat, as node takes them. `own` win over the edge's of the same name. */
export function responseHeaders(
  contentType: string,
  lengthBytes: number | undefined,
  own: Readonly<Record<string, string>> | undefined,
  closes: boolean,
): string[] {
  const base = contentType === 'application/json' ? jsonHeaders : headersFor(contentType);
  const headers = own === undefined ? [...base] : override(base, own);
  if (lengthBytes !== undefined) headers.push('Content-Length', String(lengthBytes));
  if (closes) headers.push('Connection', 'close');
  return headers;
}

function headersFor(contentType: string): string[] {
  const headers = ['Content-Type', contentType, ...notCached, ...corsHeaders];
  return contentType.startsWith('text/html') ? [...headers, ...htmlHeaders] : headers;
}

function override(base: readonly string[], own: Readonly<Record<string, string>>): string[] {
  const replaced = new Set(Object.keys(own).map((name) => name.toLowerCase()));
  const headers: string[] = [];
  for (let index = 0; index < base.length; index += 2) {
    const name = base[index] ?? '';
    if (!replaced.has(name.toLowerCase())) headers.push(name, base[index + 1] ?? '');
  }
  for (const [name, value] of Object.entries(own)) headers.push(name, value);
  return headers;
}
