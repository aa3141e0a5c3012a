import type { Endpoint } from '../../http/endpoint.ts';
import type { AccountServices } from '../services.ts';
import { backChannelLogoutEndpoint } from './back-channel-logout.ts';
import { callbackEndpoints } from './callback.ts';
import { confirmEndpoints } from './confirm.ts';
import { submitConsent } from './consent.ts';
import { newUserTermsEndpoints } from './new-user-terms.ts';
import { newUserEndpoints } from './new-user.ts';
import { redirectEndpoints } from './redirect.ts';

/** Logging in elsewhere; without an identity provider they answer `404 M_UNRECOGNIZED`. */
export const ssoEndpoints: readonly Endpoint<AccountServices>[] = [
  ...redirectEndpoints,
  ...callbackEndpoints,
  ...newUserEndpoints,
  ...newUserTermsEndpoints,
  submitConsent,
  ...confirmEndpoints,
  backChannelLogoutEndpoint,
];
