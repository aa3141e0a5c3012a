import type { ApplicationService } from '../appservices/application-service.ts';
import { missingToken, unknownToken } from '../errors/matrix-error.ts';
import { accessTokenOf } from '../http/authenticate.ts';
import type { TokenUse } from '../http/authenticate.ts';
import type { AccountServices } from './services.ts';

/**
 * The application service that asks by its `as_token`. Throws `401 M_MISSING_TOKEN` and `401 M_UNKNOWN_TOKEN`.
 */
export function bearingService(
  { applicationServices }: Pick<AccountServices, 'applicationServices'>,
  request: TokenUse,
): ApplicationService {
  const token = accessTokenOf(request);
  if (token === undefined) throw missingToken();
  const service = applicationServices.byToken(token);
  if (service === undefined)
    throw unknownToken(false, 'That is no token of an application service');
  return service;
}
