import { clientPaths } from '../http/endpoint.ts';
import { accountEndpoint } from './services.ts';

export const getTokenOwner = accountEndpoint({
  operationId: 'getTokenOwner',
  summary: 'Whose access token it is',
  spec: 'Client authentication',
  method: 'GET',
  paths: clientPaths('/account/whoami'),
  authentication: 'required',
  guests: true,
  errcodes: [],
  handle: ({ requester: { userId, deviceId, isGuest } }) => ({
    user_id: userId,
    ...(deviceId === undefined ? {} : { device_id: deviceId }),
    is_guest: isGuest,
  }),
});
