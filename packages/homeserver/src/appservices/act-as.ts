import { parseUserId } from '@soma/protocol';
import type { UserId } from '@soma/protocol';

import type { Account } from '../accounts/account-store.ts';
import type { Accounts } from '../accounts/accounts.ts';
import { readDevice } from '../accounts/device-store.ts';
import type { Device } from '../accounts/device-store.ts';
import { findAccount } from '../accounts/find-account.ts';
import type { RequestOrigin } from '../accounts/last-seen.ts';
import { registerAccount } from '../accounts/register-account.ts';
import { forbidden, MatrixError } from '../errors/matrix-error.ts';
import type { ApplicationService } from './application-service.ts';

/** Whom a request of an application service acts as. */
export interface ServiceRequester {
  readonly userId: UserId;
  readonly userNid: number;
  readonly deviceId: string | undefined;
  readonly deviceNid: number | undefined;
  readonly tokenNid: undefined;
  readonly isAdmin: boolean;
  readonly isGuest: false;
  readonly isLocked: boolean;
  readonly isSuspended: boolean;
  readonly isRateLimitExempt: boolean;
  readonly applicationService: ApplicationService;
}

/** Of a request, what says whom the service acts as. */
export interface ServiceRequest extends RequestOrigin {
  queryParameter(name: string): string | undefined;
}

const DEVICE_PARAMETERS = ['device_id', 'org.matrix.msc3202.device_id'];

/**
 * Application Service API, "Identity assertion". Throws `403 M_FORBIDDEN` for a user that is not the service's or
 * has no account, and `400 M_UNKNOWN_DEVICE`.
 */
export async function actAs(
  accounts: Accounts,
  service: ApplicationService,
  request: ServiceRequest,
): Promise<ServiceRequester> {
  const userId = assertedUser(service, request.queryParameter('user_id'));
  const account = await accountOf(accounts, service, userId);
  const { userNid, isAdmin, isLocked, isSuspended } = account;
  const device = await assertedDevice(accounts, account, request);
  if (device !== undefined && accounts.config.applicationServices.trackUserIps) {
    accounts.lastSeen.note(device.deviceNid, accounts.now(), request);
  }
  return {
    userId,
    userNid,
    deviceId: device?.deviceId,
    deviceNid: device?.deviceNid,
    tokenNid: undefined,
    isAdmin,
    isGuest: false,
    isLocked,
    isSuspended,
    isRateLimitExempt: !service.config.isRateLimited,
    applicationService: service,
  };
}

function assertedUser(service: ApplicationService, asserted: string | undefined): UserId {
  const userId = asserted === undefined ? service.sender : parseUserId(asserted);
  if (userId !== undefined && service.hasUser(userId)) return userId;
  throw forbidden('The application service cannot act as this user');
}

async function accountOf(
  accounts: Accounts,
  service: ApplicationService,
  userId: UserId,
): Promise<Account> {
  const found = await findAccount(accounts, userId);
  if (found?.isDeactivated === true) {
    throw new MatrixError(403, 'M_USER_DEACTIVATED', 'This user has been deactivated');
  }
  if (found !== undefined) return found;
  if (userId === service.sender) return makeSender(accounts, service);
  throw forbidden('The application service has not registered this user');
}

/** The sender is there without being registered. */
async function makeSender(accounts: Accounts, service: ApplicationService): Promise<Account> {
  const ofService = { id: service.id, userId: service.sender };
  try {
    const wish = { username: undefined, password: undefined, session: undefined, ofService };
    await registerAccount(accounts, wish);
  } catch (error) {
    // Another request was first.
    if (!(error instanceof MatrixError) || error.errcode !== 'M_USER_IN_USE') throw error;
  }
  const made = await findAccount(accounts, service.sender);
  if (made === undefined) throw new Error(`${service.sender} could not be made`);
  return made;
}

async function assertedDevice(
  { database }: Accounts,
  { userNid }: Account,
  request: ServiceRequest,
): Promise<Device | undefined> {
  const asserted = DEVICE_PARAMETERS.map((name) => request.queryParameter(name)).find(
    (each) => each !== undefined,
  );
  if (asserted === undefined) return undefined;
  const device = await readDevice(database.reader, userNid, asserted);
  if (device !== undefined) return device;
  throw new MatrixError(400, 'M_UNKNOWN_DEVICE', 'The user has no such device');
}
