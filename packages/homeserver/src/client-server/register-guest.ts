import { registerAccount } from '../accounts/register-account.ts';
import { forbidden } from '../errors/matrix-error.ts';
import { textIn } from './body-fields.ts';
import { toClientRegistration } from './register-once.ts';
import type { AccountServices } from './services.ts';

/** Client-server API, "Guest access": of the body only the name of the device counts. */
export async function registerGuest(
  request: {
    readonly body: Readonly<Record<string, unknown>>;
    readonly clientAddress: string;
  },
  { accounts, config, rateLimits, joinFirstRooms }: AccountServices,
): Promise<object> {
  if (!config.registration.allowGuestAccess) throw forbidden('Guests are not allowed here');
  rateLimits.rc_registration.check(request.clientAddress);
  const deviceDisplayName = textIn(request.body, 'initial_device_display_name');
  const registered = await registerAccount(accounts, {
    username: undefined,
    password: undefined,
    isGuest: true,
    session: { deviceId: undefined, deviceDisplayName },
  });
  await joinFirstRooms({ userId: registered.userId, isGuest: true });
  return toClientRegistration(registered, accounts.serverName);
}
