import { Type } from 'typebox';

import { checkUsername, checkUsernameIsFree } from '../../accounts/check-username.ts';
import { badRequest, MatrixError } from '../../errors/matrix-error.ts';
import type { SingleSignOn } from '../../sso/single-sign-on.ts';
import { accountEndpoint } from '../services.ts';
import { singleSignOnOf } from './begin-sign-in.ts';
import { detailsPath } from './complete-login.ts';
import { detailsPage } from './details-page.ts';
import { newUserOf } from './new-user-session.ts';
import { registerNewUser } from './register-new-user.ts';
import { signInCookieOf } from './sign-in-cookie.ts';
import { orRefusal, ssoTextsFor } from './sso-page.ts';
import type { SsoLocalTexts } from './sso-page.ts';

const FORM_BYTES_MAX = 16 * 1024;

const shared = {
  spec: 'Synapse: single sign-on',
  authentication: 'none',
  errcodes: ['M_UNRECOGNIZED'],
} as const;
const details = { ...shared, paths: [`/${detailsPath}`] } as const;

const showDetails = accountEndpoint({
  ...details,
  operationId: 'showAccountDetails',
  summary: 'A page on which a new user chooses a name',
  method: 'GET',
  handle(request, services) {
    const sso = singleSignOnOf(services);
    return orRefusal(sso, request, async () => {
      const { session } = newUserOf(sso, request);
      const name = session.choice?.localpart ?? session.suggestion ?? '';
      return detailsPage(sso, ssoTextsFor(request), session, name);
    });
  },
});

const submitDetails = accountEndpoint({
  ...details,
  operationId: 'submitAccountDetails',
  summary: 'What was entered on that page',
  method: 'POST',
  bodyAs: 'bytes',
  bodyBytesMax: FORM_BYTES_MAX,
  handle(request, services) {
    const sso = singleSignOnOf(services);
    return orRefusal(sso, request, async () => {
      const { id, session } = newUserOf(sso, request);
      const form = new URLSearchParams(request.body.toString());
      const localpart = (form.get('username') ?? '').trim().toLowerCase();
      const local = ssoTextsFor(request);
      const problem = await problemWith(sso, localpart, local);
      if (problem !== undefined) return detailsPage(sso, local, session, localpart, problem);
      const choice = {
        localpart,
        usesDisplayName: form.has('use_display_name'),
        usesPicture: form.has('use_avatar'),
        usesEmail: form.has('use_email'),
      };
      return registerNewUser(sso, request, id, { ...session, choice });
    });
  },
});

/** For scripts on such a page; nobody else learns which names there are. */
const checkName = accountEndpoint({
  ...shared,
  operationId: 'checkPickedUsername',
  summary: 'Whether the name that a new user wants is free',
  method: 'GET',
  paths: ['/_synapse/client/pick_username/check'],
  query: Type.Object({ username: Type.String() }),
  errcodes: ['M_UNRECOGNIZED', 'M_MISSING_PARAM', 'M_INVALID_USERNAME', 'M_EXCLUSIVE'],
  async handle(request, services) {
    const sso = singleSignOnOf(services);
    if (sso.sessions.newUser(signInCookieOf(request)) === undefined) {
      throw badRequest('No new user is expected');
    }
    const userId = checkUsername(sso.accounts, request.query.username);
    try {
      await checkUsernameIsFree(sso.accounts, userId);
    } catch (error) {
      if (error instanceof MatrixError) return { available: false };
      throw error;
    }
    return { available: true };
  },
});

/** What is wrong with a name; undefined if it can be had. */
async function problemWith(
  { accounts }: SingleSignOn,
  localpart: string,
  { sso: texts }: SsoLocalTexts,
): Promise<string | undefined> {
  try {
    await checkUsernameIsFree(accounts, checkUsername(accounts, localpart));
    return undefined;
  } catch (error) {
    if (!(error instanceof MatrixError)) throw error;
    return error.errcode === 'M_INVALID_USERNAME' ? texts.nameInvalid : texts.nameTaken;
  }
}

export const newUserEndpoints = [showDetails, submitDetails, checkName];
