import type { UrlPart, UrlRule } from '../../config/config.ts';

/** Whether an address is one that the operator does not want to be previewed. */
export type IsUrlBlocked = (url: URL) => boolean;

/** An address is blocked by a rule if every part that the rule names matches. */
export function urlRules(rules: readonly UrlRule[]): IsUrlBlocked {
  const compiled = rules.map((rule) =>
    rule.map(({ part, pattern }) => ({ part, expression: new RegExp(pattern) })),
  );
  return (url) =>
    compiled.some((rule) =>
      rule.every(({ part, expression }) => {
        const value = partOf(url, part);
        return value !== undefined && expression.test(value);
      }),
    );
}

/** As Python's `urlsplit`: some parts are empty where they are absent, others are not there. */
function partOf(url: URL, part: UrlPart): string | undefined {
  switch (part) {
    case 'scheme':
      return url.protocol.slice(0, -1);
    case 'netloc':
      return userInfoOf(url) + url.host;
    case 'path':
      return url.pathname;
    case 'query':
      return url.search.slice(1);
    case 'fragment':
      return url.hash.slice(1);
    case 'username':
      return userInfoOf(url) === '' ? undefined : url.username;
    case 'password':
      return url.password === '' ? undefined : url.password;
    case 'hostname':
      return url.hostname.replace(/^\[|\]$/g, '');
    case 'port':
      // The normal form has no port where it is the scheme's own.
      return url.port === '' ? OWN_PORTS[url.protocol] : url.port;
  }
}

const OWN_PORTS: Readonly<Record<string, string>> = { 'http:': '80', 'https:': '443' };

function userInfoOf({ username, password }: URL): string {
  if (username === '' && password === '') return '';
  return password === '' ? `${username}@` : `${username}:${password}@`;
}
