import { SignInRefused } from '../../sso/sign-in-refused.ts';
import type { NewUserSession } from '../../sso/sign-in-sessions.ts';
import type { SingleSignOn } from '../../sso/single-sign-on.ts';
import { signInCookieOf } from './sign-in-cookie.ts';

/** Throws a {@link SignInRefused} where the browser is not that of a new user. */
export function newUserOf(
  { sessions }: SingleSignOn,
  request: { header(name: string): string | undefined },
): { readonly id: string; readonly session: NewUserSession } {
  const id = signInCookieOf(request);
  const session = sessions.newUser(id);
  if (id === undefined || session === undefined) {
    throw new SignInRefused('unknown-session', 'no new user is expected');
  }
  return { id, session };
}
