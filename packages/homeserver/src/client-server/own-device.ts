import type { OwnDevice } from '../e2ee/encryption.ts';
import { badRequest } from '../errors/matrix-error.ts';
import type { Requester } from '../http/endpoint.ts';

/** The device that asks. Throws `400 M_UNKNOWN` for a token without one, as Synapse does. */
export function ownDeviceOf({ userId, userNid, deviceId, deviceNid }: Requester): OwnDevice {
  if (deviceId === undefined || deviceNid === undefined) {
    throw badRequest('This needs an access token that belongs to a device');
  }
  return { userId, userNid, deviceId, deviceNid };
}
