import { registerServiceUser } from '../appservices/register-service-user.ts';
import type { TokenUse } from '../http/authenticate.ts';
import { bearingService } from './bearing-service.ts';
import { requiredTextIn } from './body-fields.ts';
import { sessionWanted, toClientRegistration } from './register-once.ts';
import type { AccountServices } from './services.ts';

/** `POST /register` of type `m.login.application_service`. */
export async function registerForService(
  request: TokenUse & { readonly body: Readonly<Record<string, unknown>> },
  services: AccountServices,
): Promise<object> {
  const { accounts, applicationServices } = services;
  const service = bearingService(services, request);
  const username = requiredTextIn(request.body, 'username');
  const wish = { username, session: sessionWanted(request.body) };
  const registered = await registerServiceUser(accounts, applicationServices, service, wish);
  return toClientRegistration(registered, accounts.serverName);
}
