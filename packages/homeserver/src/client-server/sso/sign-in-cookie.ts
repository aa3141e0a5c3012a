import { reply } from '../../http/response.ts';
import type { Reply } from '../../http/response.ts';
import { signInLifetimeMs } from '../../sso/limits.ts';

const NAME = 'soma_sso';

/** What binds the steps of a sign-in to the browser that began it. */
export function signInCookieOf(request: {
  header(name: string): string | undefined;
}): string | undefined {
  for (const pair of (request.header('cookie') ?? '').split(';')) {
    const [name, value] = pair.trim().split('=', 2);
    if (name === NAME) return value;
  }
  return undefined;
}

/**
 * A redirect to a provider, or an answer on the way back, with the cookie for what comes next. On the way to a
 * provider it must also come back by a form of the provider's, which a strict cookie would not.
 */
export function withCookie(
  answer: Reply,
  baseUrl: string,
  value: string,
  leadsTo: 'provider' | 'own-page',
): Reply {
  const isSecure = baseUrl.startsWith('https:');
  const sameSite = leadsTo === 'provider' && isSecure ? 'None' : 'Lax';
  return withHeader(answer, [
    `${NAME}=${value}`,
    'Path=/',
    `Max-Age=${Math.floor(signInLifetimeMs / 1000)}`,
    'HttpOnly',
    `SameSite=${sameSite}`,
    ...(isSecure ? ['Secure'] : []),
  ]);
}

/** An answer after which the browser forgets the sign-in. */
export function withoutCookie(answer: Reply): Reply {
  return withHeader(answer, [`${NAME}=`, 'Path=/', 'Max-Age=0', 'HttpOnly']);
}

/** Where a browser goes on, by GET. */
export function redirectTo(location: string, status: 302 | 303 = 302): Reply {
  return reply({}, { status, headers: { Location: location } });
}

function withHeader({ body, status, headers }: Reply, parts: readonly string[]): Reply {
  return reply(body, { status, headers: { ...headers, 'Set-Cookie': parts.join('; ') } });
}
