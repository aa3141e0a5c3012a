import { cachesSection } from './caches.ts';
import { databaseSection } from './database.ts';
import { federationSection } from './federation.ts';
import { listenersSection } from './listeners.ts';
import { loggingSection } from './logging.ts';
import { outboundSection } from './outbound.ts';
import { passwordsSection } from './passwords.ts';
import { profilesSection } from './profiles.ts';
import { ratelimitingSection } from './ratelimiting.ts';
import { registrationSection } from './registration.ts';
import { roomsSection } from './rooms.ts';
import { serverSection } from './server.ts';
import { signingKeysSection } from './signing-keys.ts';
import { syncSection } from './sync.ts';
import { tlsSection } from './tls.ts';
import { trustedKeyServersSection } from './trusted-key-servers.ts';
import { urlPreviewsSection } from './url-previews.ts';

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
  passwords: passwordsSection,
  profiles: profilesSection,
  urlPreviews: urlPreviewsSection,
  rooms: roomsSection,
  sync: syncSection,
  ratelimiting: ratelimitingSection,
  caches: cachesSection,
  logging: loggingSection,
} as const;
