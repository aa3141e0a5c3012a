import type { SectionValue } from './schema/section.ts';
import type { SECTIONS } from './sections.ts';

/**
 * The configuration: one key per section, camelCase, with units in the names, absolute paths, and
 * every default filled in. Frozen to its depth. What is not set is `undefined`.
 */
export type Config = {
  readonly [K in keyof typeof SECTIONS]: SectionValue<(typeof SECTIONS)[K]>;
};

export type { ApplicationServiceConfig, Namespace } from './application-service-file.ts';
export type { ApplicationServicesConfig } from './application-services.ts';
export type { CachesConfig } from './caches.ts';
export type { CaptchaConfig } from './captcha.ts';
export type { DatabaseConfig, PostgresConfig, SqliteConfig } from './database.ts';
export type { DirectoryConfig, DirectoryRules } from './directory.ts';
export type { MailSettings } from './email.ts';
export type { FederationConfig } from './federation.ts';
export type {
  ListenerConfig,
  ListenersConfig,
  ResourceName,
  UnixSocketConfig,
} from './listeners.ts';
export type { LoggingConfig } from './logging.ts';
export type { OutboundConfig } from './outbound.ts';
export type { MediaConfig, StorageProviderConfig, ThumbnailSize } from './media.ts';
export type { PasswordPolicy, PasswordsConfig } from './passwords.ts';
export { RECOMMENDED_PREJOIN_STATE } from './prejoin-state.ts';
export type { PrejoinState, StateEntry } from './prejoin-state.ts';
export type { PresenceConfig } from './presence.ts';
export type { ProfilesConfig } from './profiles.ts';
export type { PushConfig } from './push.ts';
export type { RateLimit, RatelimitingConfig } from './ratelimiting.ts';
export type { RegistrationConfig } from './registration.ts';
export type { RetentionConfig } from './retention.ts';
export type { AutoAcceptInvites, LimitRemoteRooms, RoomPreset, RoomsConfig } from './rooms.ts';
export type { SearchConfig } from './search.ts';
export type { NoticesSettings } from './server-notices.ts';
export type { ServerConfig, SupportContact } from './server.ts';
export type { SigningKeysConfig } from './signing-keys.ts';
export type {
  CasConfig,
  JwtConfig,
  OidcProviderConfig,
  SingleSignOnConfig,
} from './single-sign-on.ts';
export type { SyncConfig } from './sync.ts';
export type { ThreePidsConfig } from './three-pids.ts';
export type { TlsConfig } from './tls.ts';
export type { TurnConfig } from './turn.ts';
export type { TrustedKeyServer, TrustedKeyServersConfig } from './trusted-key-servers.ts';
export type { UpkeepConfig } from './upkeep.ts';
export type { UrlPreviewsConfig } from './url-previews.ts';
export type { UsageLimitsConfig } from './usage-limits.ts';
export type { UrlPart, UrlRule } from './url-rule.ts';
export type { OembedEndpoint } from './oembed.ts';
