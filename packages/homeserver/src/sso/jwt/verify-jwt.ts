import { createPublicKey } from 'node:crypto';
import type { KeyObject } from 'node:crypto';

import { errors, jwtVerify } from 'jose';
import type { JWTPayload } from 'jose';

import type { JwtConfig } from '../../config/config.ts';
import { forbidden } from '../../errors/matrix-error.ts';

/** As Synapse: how far the clock of who signed may be off. */
const CLOCK_TOLERANCE_S = 120;

/** The content of a token of `jwt_config`. Throws `403 M_FORBIDDEN` for any other. */
export async function verifyJwt(config: JwtConfig, token: string): Promise<JWTPayload> {
  const { algorithm, issuer, audiences } = config;
  const payload = await verified(config, token, {
    algorithms: [algorithm],
    clockTolerance: CLOCK_TOLERANCE_S,
    ...(issuer === undefined ? {} : { issuer }),
    ...(audiences.length === 0 ? {} : { audience: [...audiences] }),
  });
  // A token for somebody else is none for this server.
  if (audiences.length === 0 && payload.aud !== undefined) {
    throw forbidden('JWT validation failed: unexpected "aud" claim');
  }
  return payload;
}

async function verified(
  { algorithm, secret }: JwtConfig,
  token: string,
  options: Parameters<typeof jwtVerify>[2],
): Promise<JWTPayload> {
  const key: Uint8Array | KeyObject = algorithm.startsWith('HS')
    ? Buffer.from(secret)
    : createPublicKey(secret);
  try {
    return (await jwtVerify(token, key, options)).payload;
  } catch (error) {
    if (!(error instanceof errors.JOSEError)) throw error;
    throw forbidden(`JWT validation failed: ${error.message}`);
  }
}
