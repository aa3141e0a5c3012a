import type { Endpoint } from '../http/endpoint.ts';
import { getRegistrationNonce, registerWithSharedSecret } from './register.ts';
import { getServerVersion } from './server-version.ts';
import type { AdminServices } from './services.ts';

/** Every endpoint of Synapse's admin API that Soma serves. */
export const adminEndpoints: readonly Endpoint<AdminServices>[] = [
  getServerVersion,
  getRegistrationNonce,
  registerWithSharedSecret,
];
