import type { Endpoint } from '../http/endpoint.ts';
import { getRegistrationNonce, registerWithSharedSecret } from './register.ts';
import {
  createToken,
  deleteToken,
  getToken,
  listTokens,
  updateToken,
} from './registration-tokens.ts';
import { getServerVersion } from './server-version.ts';
import type { AdminServices } from './services.ts';
import { suspendUser } from './suspend.ts';

/** Every endpoint of Synapse's admin API that Soma serves. */
export const adminEndpoints: readonly Endpoint<AdminServices>[] = [
  getServerVersion,
  getRegistrationNonce,
  registerWithSharedSecret,
  listTokens,
  createToken,
  getToken,
  updateToken,
  deleteToken,
  suspendUser,
];
