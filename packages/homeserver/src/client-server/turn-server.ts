import { createHmac } from 'node:crypto';

import type { TurnConfig } from '../config/config.ts';
import { guestAccessForbidden } from '../errors/matrix-error.ts';
import { clientPaths } from '../http/endpoint.ts';
import { accountEndpoint } from './services.ts';

export const getTurnServer = accountEndpoint({
  operationId: 'getTurnServer',
  summary: 'Get what a call needs to reach those behind firewalls',
  spec: 'VOIP',
  method: 'GET',
  paths: clientPaths('/voip/turnServer', { apiV1: true }),
  authentication: 'required',
  guests: true,
  errcodes: [],
  handle: ({ requester }, { config, accounts }) => {
    if (requester.isGuest && !config.turn.allowGuests) throw guestAccessForbidden();
    return credentialsFor(config.turn, requester.userId, accounts.now());
  },
});

/** Nothing where the operator has set up no TURN server. The password is what the TURN REST API says. */
function credentialsFor(turn: TurnConfig, userId: string, nowMs: number): object {
  const { uris, sharedSecret, userLifetimeMs } = turn;
  if (uris.length === 0) return {};
  const ttl = Math.floor(userLifetimeMs / 1000);
  if (sharedSecret !== undefined) {
    const username = `${Math.floor((nowMs + userLifetimeMs) / 1000)}:${userId}`;
    const password = createHmac('sha1', sharedSecret).update(username).digest('base64');
    return { username, password, ttl, uris };
  }
  const { username, password } = turn;
  return username === undefined || password === undefined ? {} : { username, password, ttl, uris };
}
