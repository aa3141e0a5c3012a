import { clientPaths } from '../http/endpoint.ts';
import { accountEndpoint } from './services.ts';

/** MSC2000, as Synapse serves it. */
export const getPasswordPolicy = accountEndpoint({
  operationId: 'getPasswordPolicy',
  summary: 'What a new password must contain',
  spec: 'Password management',
  method: 'GET',
  paths: clientPaths('/password_policy'),
  authentication: 'none',
  errcodes: [],
  handle(_request, { config }) {
    const { policy } = config.passwords;
    if (!policy.enabled) return {};
    return {
      'm.minimum_length': policy.minimumLength,
      'm.require_digit': policy.requireDigit,
      'm.require_symbol': policy.requireSymbol,
      'm.require_lowercase': policy.requireLowercase,
      'm.require_uppercase': policy.requireUppercase,
    };
  },
});
