import type { SessionRequest } from '../accounts/prepare-session.ts';
import type { SessionTokens } from '../accounts/prepare-tokens.ts';
import { textIn } from './body-fields.ts';

/** The tokens of a session, as login, registration and refresh give them. */
export function toClientTokens({ accessToken, refreshToken, expiresInMs }: SessionTokens): object {
  return {
    access_token: accessToken,
    ...(refreshToken === undefined ? {} : { refresh_token: refreshToken }),
    ...(expiresInMs === undefined ? {} : { expires_in_ms: expiresInMs }),
  };
}

/** The session that the body of a login or a registration asks for. */
export function sessionIn(body: Readonly<Record<string, unknown>>): SessionRequest {
  return {
    deviceId: textIn(body, 'device_id'),
    deviceDisplayName: textIn(body, 'initial_device_display_name'),
    wantsRefreshToken: body['refresh_token'] === true,
  };
}
