import { parseUserId } from '@soma/protocol';

import type { Config } from './config.ts';
import { describeFound } from './schema/site.ts';
import type { Site } from './schema/site.ts';

/** Reports what does not go together across sections. */
export function checkConfig(config: Config, siteOf: (name: string) => Site): void {
  if (config.listeners.some(({ tls }) => tls)) {
    const { certificatePath, privateKeyPath } = config.tls;
    const expected = 'a path, because a listener has tls: true';
    if (certificatePath === undefined) siteOf('tls_certificate_path').refuse(expected, 'nothing');
    if (privateKeyPath === undefined) siteOf('tls_private_key_path').refuse(expected, 'nothing');
  }
  checkRegistration(config, siteOf);
  checkSenders(config, siteOf);
}

/** The users of application services have names like any other. */
function checkSenders(
  { applicationServices, server }: Config,
  siteOf: (name: string) => Site,
): void {
  for (const [index, { senderLocalpart }] of applicationServices.services.entries()) {
    if (parseUserId(`@${senderLocalpart}:${server.serverName}`) !== undefined) continue;
    siteOf('app_service_config_files')
      .child(index)
      .refuse('a sender_localpart that makes a user ID', describeFound(senderLocalpart));
  }
}

/** A stage that nobody can complete would close registration without a word. */
function checkRegistration(
  { registration, captcha, consent, email }: Config,
  siteOf: (name: string) => Site,
): void {
  if (!registration.enabled) return;
  if (registration.requiresCaptcha && captcha === undefined) {
    siteOf('enable_registration_captcha').refuse(
      'false, or recaptcha_public_key and recaptcha_private_key beside it',
      'true',
    );
  }
  if (registration.requiresEmail && email.mail === undefined) {
    siteOf('registrations_require_3pid').refuse(
      'no email, or the option email beside it, by which addresses are proven',
      'email',
    );
  }
  if (consent.isRequiredAtRegistration && Object.keys(consent.policies).length === 0) {
    siteOf('user_consent')
      .child('policies')
      .refuse('at least one document, because require_at_registration is true', 'none');
  }
}
