import { host } from './http-connection.ts';

/**
 * A whole HTTP/1.1 request as text.
 *
 * @param path percent-encoded already
 * @param body JSON; written in ASCII, since requests are written as latin1
 */
export function requestText(
  method: 'GET' | 'POST' | 'PUT',
  path: string,
  port: number,
  token?: string,
  body?: string,
): string {
  return `${method} ${path}${requestRest(port, token, body)}`;
}

/** What follows the path, for requests that differ in their path only. */
export function requestRest(port: number, token?: string, body?: string): string {
  const lines = [` HTTP/1.1`, `Host: ${host}:${port}`];
  if (token !== undefined) lines.push(`Authorization: Bearer ${token}`);
  const text = body === undefined ? '' : inAscii(body);
  if (body !== undefined) {
    lines.push('Content-Type: application/json', `Content-Length: ${text.length}`);
  }
  return `${lines.join('\r\n')}\r\n\r\n${text}`;
}

function inAscii(json: string): string {
  return json.replaceAll(
    /[\u0080-\uffff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
