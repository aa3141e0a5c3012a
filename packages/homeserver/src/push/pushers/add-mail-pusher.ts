import type { Pushers } from './pushers.ts';
import { setPusher } from './set-pusher.ts';

/** Has unread messages mailed to the address of a new user, where the operator wants that. */
export async function addMailPusher(
  pushers: Pushers,
  userNid: number,
  address: string,
): Promise<void> {
  if (pushers.mailer?.settings.notifForNewUsers !== true) return;
  const owner = { userNid, deviceNid: undefined };
  await setPusher(pushers, owner, {
    kind: 'email',
    appId: 'm.email',
    pushkey: address,
    description: {
      app_display_name: 'Email Notifications',
      device_display_name: address,
      lang: 'en',
      profile_tag: '',
      data: {},
    },
    isEnabled: true,
    appends: true,
  });
}
