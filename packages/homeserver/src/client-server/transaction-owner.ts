import type { Requester } from '../http/endpoint.ts';

type Owner = Pick<Requester, 'deviceNid' | 'userNid' | 'applicationService'>;

/**
 * Whose transaction IDs those of a request are: a device's or, of an application service without one, those that it
 * gives as this user. Undefined for a token without a device, which has no memory of its requests.
 */
export function transactionOwner({
  deviceNid,
  userNid,
  applicationService,
}: Owner): number | undefined {
  // Devices have positive numbers.
  return deviceNid ?? (applicationService === undefined ? undefined : -userNid);
}
