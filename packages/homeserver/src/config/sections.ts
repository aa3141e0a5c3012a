import { applicationServicesSection } from './application-services.ts';
import { autoJoinSection } from './auto-join.ts';
import { cachesSection } from './caches.ts';
import { captchaSection } from './captcha.ts';
import { consentSection } from './consent.ts';
import { databaseSection } from './database.ts';
import { directorySection } from './directory.ts';
import { emailSection } from './email.ts';
import { federationSection } from './federation.ts';
import { listenersSection } from './listeners.ts';
import { loggingSection } from './logging.ts';
import { mediaSection } from './media.ts';
import { outboundSection } from './outbound.ts';
import { passwordsSection } from './passwords.ts';
import { presenceSection } from './presence.ts';
import { profilesSection } from './profiles.ts';
import { pushSection } from './push.ts';
import { ratelimitingSection } from './ratelimiting.ts';
import { registrationSection } from './registration.ts';
import { retentionSection } from './retention.ts';
import { roomsSection } from './rooms.ts';
import { searchSection } from './search.ts';
import { serverNoticesSection } from './server-notices.ts';
import { serverSection } from './server.ts';
import { sessionsSection } from './sessions.ts';
import { signingKeysSection } from './signing-keys.ts';
import { singleSignOnSection } from './single-sign-on.ts';
import { syncSection } from './sync.ts';
import { threePidsSection } from './three-pids.ts';
import { tlsSection } from './tls.ts';
import { trustedKeyServersSection } from './trusted-key-servers.ts';
import { turnSection } from './turn.ts';
import { upkeepSection } from './upkeep.ts';
import { urlPreviewsSection } from './url-previews.ts';
import { usageLimitsSection } from './usage-limits.ts';

/** Every section, in the order of the documentation; the keys are those of `Config`. */
export const SECTIONS = {
  server: serverSection,
  listeners: listenersSection,
  tls: tlsSection,
  database: databaseSection,
  signingKeys: signingKeysSection,
  trustedKeyServers: trustedKeyServersSection,
  outbound: outboundSection,
  federation: federationSection,
  registration: registrationSection,
  autoJoin: autoJoinSection,
  captcha: captchaSection,
  consent: consentSection,
  email: emailSection,
  threePids: threePidsSection,
  passwords: passwordsSection,
  singleSignOn: singleSignOnSection,
  sessions: sessionsSection,
  profiles: profilesSection,
  urlPreviews: urlPreviewsSection,
  rooms: roomsSection,
  directory: directorySection,
  serverNotices: serverNoticesSection,
  usageLimits: usageLimitsSection,
  retention: retentionSection,
  sync: syncSection,
  presence: presenceSection,
  push: pushSection,
  search: searchSection,
  turn: turnSection,
  media: mediaSection,
  ratelimiting: ratelimitingSection,
  applicationServices: applicationServicesSection,
  upkeep: upkeepSection,
  caches: cachesSection,
  logging: loggingSection,
} as const;
