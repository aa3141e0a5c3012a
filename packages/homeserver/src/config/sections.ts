import { cachesSection } from './caches.ts';
import { databaseSection } from './database.ts';
import { listenersSection } from './listeners.ts';
import { loggingSection } from './logging.ts';
import { mediaSection } from './media.ts';
import { passwordsSection } from './passwords.ts';
import { profilesSection } from './profiles.ts';
import { ratelimitingSection } from './ratelimiting.ts';
import { registrationSection } from './registration.ts';
import { roomsSection } from './rooms.ts';
import { serverSection } from './server.ts';
import { signingKeysSection } from './signing-keys.ts';
import { syncSection } from './sync.ts';
import { tlsSection } from './tls.ts';

/** Every section, in the order of the documentation; the keys are those of `Config`. */
export const SECTIONS = {
  server: serverSection,
  listeners: listenersSection,
  tls: tlsSection,
  database: databaseSection,
  signingKeys: signingKeysSection,
  registration: registrationSection,
  passwords: passwordsSection,
  profiles: profilesSection,
  rooms: roomsSection,
  sync: syncSection,
  media: mediaSection,
  ratelimiting: ratelimitingSection,
  caches: cachesSection,
  logging: loggingSection,
} as const;
