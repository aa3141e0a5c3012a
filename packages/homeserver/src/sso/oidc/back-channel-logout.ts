import { badRequest, MatrixError } from '../../errors/matrix-error.ts';
import { endProviderSession } from '../end-provider-session.ts';
import { SignInRefused } from '../sign-in-refused.ts';
import type { SingleSignOn } from '../single-sign-on.ts';
import { OidcProvider } from './oidc-provider.ts';

const EVENT = 'http://schemas.openid.net/event/backchannel-logout';

/** Of a logout token, when it may have been made at most. */
const MAX_TOKEN_AGE = '10 minutes';

/**
 * Ends what a logout token is about (OpenID Connect Back-Channel Logout 1.0). Throws `400 M_UNKNOWN`, and
 * `502 M_CONNECTION_FAILED` where the provider cannot be reached.
 */
export async function backChannelLogout(sso: SingleSignOn, token: string): Promise<void> {
  const provider = providerOf(sso, unverifiedClaims(token));
  const claims = await verifiedClaims(provider, token);
  const { events, sid, sub, nonce } = claims;
  const isLogout = typeof events === 'object' && events !== null && Object.hasOwn(events, EVENT);
  if (!isLogout || nonce !== undefined) throw badRequest('Invalid logout_token');
  const sessionId = typeof sid === 'string' && sid !== '' ? sid : undefined;
  const ignoresSub = provider.config.backchannelLogoutIgnoreSub && sessionId !== undefined;
  const externalId = typeof sub === 'string' && !ignoresSub ? sub : undefined;
  if (sessionId === undefined && externalId === undefined) {
    throw badRequest('Invalid logout_token: it has neither sid nor sub');
  }
  await endProviderSession(sso, { authProvider: provider.id, sessionId, externalId });
}

async function verifiedClaims(
  provider: OidcProvider,
  token: string,
): Promise<Readonly<Record<string, unknown>>> {
  try {
    const party = await provider.relyingParty();
    return await party.verify(token, { requiredClaims: ['iat'], maxTokenAge: MAX_TOKEN_AGE });
  } catch (error) {
    if (error instanceof SignInRefused) {
      throw new MatrixError(
        502,
        'M_CONNECTION_FAILED',
        'The provider cannot be asked for its keys',
      );
    }
    throw Object.assign(badRequest('Invalid logout_token'), { cause: error });
  }
}

/** Whose token it says it is, to know which keys it must be signed with. */
function unverifiedClaims(token: string): Readonly<Record<string, unknown>> {
  const [, payload = ''] = token.split('.');
  try {
    const claims: unknown = JSON.parse(Buffer.from(payload, 'base64url').toString());
    if (typeof claims === 'object' && claims !== null) return { ...claims };
  } catch {
    // Not JSON: refused below.
  }
  throw badRequest('Invalid logout_token');
}

function providerOf(
  { providers }: SingleSignOn,
  { iss, aud }: Readonly<Record<string, unknown>>,
): OidcProvider {
  const audiences: unknown[] = Array.isArray(aud) ? aud : [aud];
  for (const provider of providers.values()) {
    if (!(provider instanceof OidcProvider)) continue;
    const { issuer, clientId, backchannelLogoutEnabled } = provider.config;
    const isIssuer = String(iss).replace(/\/$/, '') === issuer.replace(/\/$/, '');
    if (!isIssuer || !audiences.includes(clientId)) continue;
    if (backchannelLogoutEnabled) return provider;
  }
  throw badRequest('No provider with that issuer and audience may end sessions');
}
