import { invalidParam } from '../errors/matrix-error.ts';
import { redirectUrlLengthMax } from './limits.ts';

/** Schemes that would run or show something instead of leading to a client. */
const FORBIDDEN: ReadonlySet<string> = new Set([
  'javascript:',
  'vbscript:',
  'data:',
  'blob:',
  'file:',
  'filesystem:',
  'about:',
  'view-source:',
]);

/**
 * The address of a client, in the form in which browsers read it. Throws `400 M_INVALID_PARAM` for what is not one
 * to send a login to.
 */
export function parseRedirectUrl(text: string): string {
  const url = text.length > redirectUrlLengthMax ? null : URL.parse(text);
  if (url === null || FORBIDDEN.has(url.protocol) || url.href.length > redirectUrlLengthMax) {
    throw invalidParam('redirectUrl is not an address that a login can be sent to');
  }
  return url.href;
}

/** Whether the user need not be asked: an entry of the list is its beginning, and of the same site. */
export function isTrusted(redirectUrl: string, whitelist: readonly string[]): boolean {
  return whitelist.some((entry) => {
    if (!redirectUrl.startsWith(entry)) return false;
    const url = URL.parse(entry);
    const isWeb = url !== null && /^https?:$/.test(url.protocol);
    return !isWeb || url.origin === URL.parse(redirectUrl)?.origin;
  });
}

/** The address with the token, in place of any that it had; the rest stays letter by letter. */
export function withLoginToken(redirectUrl: string, loginToken: string): string {
  const hashAt = redirectUrl.indexOf('#');
  const fragment = hashAt === -1 ? '' : redirectUrl.slice(hashAt);
  const address = hashAt === -1 ? redirectUrl : redirectUrl.slice(0, hashAt);
  const queryAt = address.indexOf('?');
  const base = queryAt === -1 ? address : address.slice(0, queryAt);
  const kept = (queryAt === -1 ? '' : address.slice(queryAt + 1))
    .split('&')
    .filter((pair) => pair !== '' && nameIn(pair) !== 'loginToken');
  return `${base}?${[...kept, `loginToken=${encodeURIComponent(loginToken)}`].join('&')}${fragment}`;
}

function nameIn(pair: string): string | undefined {
  return new URLSearchParams(pair).keys().next().value;
}

/** What of an address a person needs to know it by. */
export function shownAddress(redirectUrl: string): string {
  const url = new URL(redirectUrl);
  if (url.protocol === 'https:') return url.host;
  return redirectUrl.replace(/[?#].*$/, '');
}
