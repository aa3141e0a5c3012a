import { hash } from 'node:crypto';

import { openAccounts } from './accounts/accounts.ts';
import type { Accounts } from './accounts/accounts.ts';
import { allFollowers } from './accounts/device-follower.ts';
import { findAccount } from './accounts/find-account.ts';
import { IgnoredUsers } from './accounts/ignored-users.ts';
import { profileOf } from './accounts/profile-of.ts';
import { ApplicationServices } from './appservices/application-services.ts';
import { keepForServices } from './appservices/keep-for-services.ts';
import type { ServiceQueries } from './appservices/service-queries.ts';
import { joinFirstRooms } from './client-server/first-rooms.ts';
import { openInteractiveAuth } from './client-server/open-interactive-auth.ts';
import { openRateLimiters } from './client-server/rate-limits.ts';
import type { ClientServices } from './client-server/services.ts';
import type { Config } from './config/config.ts';
import type { Directory } from './directory/directory.ts';
import { RemoteSpaces } from './directory/remote-spaces.ts';
import { RoomDetailsProjection } from './directory/room-details-projection.ts';
import { deviceRemains } from './e2ee/device-remains-store.ts';
import type { Encryption } from './e2ee/encryption.ts';
import { readKeysForServers } from './e2ee/keys-for-servers.ts';
import { verifySignature } from './federation-client/keys/verify-signature.ts';
import { queryProfile } from './federation-client/query-profile.ts';
import { MissedDeviceLists } from './federation-sender/missed-device-lists.ts';
import { openEduHandlers } from './federation/edus/edu-handlers.ts';
import { ForgetDevicesProjection } from './federation/remote-users/forget-projection.ts';
import { checkAvatar } from './media/check-avatar.ts';
import { departUser } from './membership/depart-user.ts';
import { MembershipProjection } from './membership/membership-projection.ts';
import { hasForgotten, isJoined } from './membership/membership-store.ts';
import { propagateProfile } from './membership/propagate-profile.ts';
import type { RoomServers } from './membership/room-servers.ts';
import { openApplicationServices } from './open-application-services.ts';
import { openBackground } from './open-background.ts';
import { openConversation } from './open-conversation.ts';
import { openEncryption } from './open-encryption.ts';
import { openFederationSender } from './open-federation-sender.ts';
import { openFederation } from './open-federation.ts';
import type { Federation, FederationParts } from './open-federation.ts';
import { openInbound } from './open-inbound.ts';
import type { Inbound } from './open-inbound.ts';
import { openMediaServices } from './open-media-services.ts';
import { openNotices } from './open-notices.ts';
import { openOutreach } from './open-outreach.ts';
import { openPresence } from './open-presence.ts';
import { openRedeeming } from './open-redeeming.ts';
import { openRemoteRooms } from './open-remote-rooms.ts';
import { openRemoteUsers } from './open-remote-users.ts';
import { openSingleSignOn } from './open-single-sign-on.ts';
import { openSync } from './open-sync.ts';
import { copyRoomRules } from './push/copy-room-rules.ts';
import { devicePushers } from './push/pushers/device-pushers.ts';
import { resetPushRules } from './push/reset-push-rules.ts';
import { PolicyServers } from './rooms/policy/policy-servers.ts';
import type { Projection } from './rooms/projection.ts';
import { RelationsProjection } from './rooms/relations/relations-projection.ts';
import { openRooms } from './rooms/rooms.ts';
import type { EventSigner, RetentionBounds, RoomsOptions } from './rooms/rooms.ts';
import { databaseOptions } from './storage/database-options.ts';
import type { Database } from './storage/database.ts';
import { internedNames } from './storage/names-store.ts';
import type { InternedNames } from './storage/names-store.ts';
import { openDatabase } from './storage/open-database.ts';
import { syncSources } from './sync-sources.ts';
import { RoomListingProjection } from './sync/sliding/room-listing-projection.ts';
import { openSlidingContext } from './sync/sliding/sliding-context.ts';
import type { Logger } from './telemetry/logger.ts';

/** The domain, opened: what the edges call, and how it is closed. */
export interface OpenedServices {
  readonly services: ClientServices;
  readonly federation: Federation;
  /** How events of other servers come in. */
  readonly inbound: Inbound;
  /** Resolves when nothing is open any more; the edges must have been closed before. */
  close(): Promise<void>;
}

/** What servers that share a process have in place of the system's own. */
export interface Surroundings {
  openDatabase(config: Config): Promise<Database>;
  readonly transport?: FederationParts['transport'];
}

const system: Surroundings = {
  openDatabase: ({ database, server }) =>
    openDatabase(databaseOptions(database), server.serverName),
};

const deviceFollower = allFollowers(deviceRemains, devicePushers);

/** Opens the database and everything that stands on it, lowest first. */
export async function openServices(
  config: Config,
  logger: Logger,
  surroundings = system,
): Promise<OpenedServices> {
  const now = Date.now;
  const { transport } = surroundings;
  const database = await surroundings.openDatabase(config);
  const names = internedNames(database, config.caches.globalFactor);
  const parts = { database, names, config, logger, now, transport, deviceFollower };
  const applicationServices = new ApplicationServices(config);
  const accounts = openAccounts({ ...parts, isReserved: applicationServices.isUserReserved });
  const federation = openFederation(parts);
  const { remote, lists, resyncer } = openRemoteUsers(parts, federation);
  const { encryption, source: encryptionSource } = openEncryption(accounts, config, remote);
  const ignored = await IgnoredUsers.open(database, names);
  const notices = openNotices(database, names, config.server.serverName, ignored);
  const rooms = openRooms({
    ...roomOptions(parts, accounts, ignored),
    besideOutOfBand: (member) => keepForServices(applicationServices, member),
    policyServers: new PolicyServers({ client: federation.client, verify: verifySignature, now }),
    projections: [
      ...roomProjections(names, config),
      ...notices.projections,
      missedDeviceLists(config, database, federation, encryption),
    ],
  });
  const presence = openPresence(config.presence, database, now);
  const sources = syncSources(notices, presence.source, encryptionSource);
  const sync = openSync(rooms, sources, config, logger);
  presence.wake(sync.notifier, logger);
  const opened = notices.open(rooms, (roomNid) => sync.notifier.wakeRoom(roomNid));
  const isHidden = applicationServices.isServiceUser;
  const conversation = await openConversation(rooms, config, logger, isHidden);
  const shared = { ...parts, rooms, federation };
  const { close: closeMedia, ...mediaServices } = await openMediaServices(shared);
  const { ephemeral } = opened;
  const shown = { presence: presence.presence };
  const resyncSoon = (serverName: string): void => resyncer.wake(serverName);
  const edus = openEduHandlers({ accounts, ephemeral, ...shown, lists, resyncSoon }, logger);
  const inbound = await openInbound(rooms, federation, edus, { config, logger });
  const told = { ...parts, rooms, typing: ephemeral.typing, presence };
  const sender = await openFederationSender({ ...told, federation, encryption });
  const remoteRooms = openRemoteRooms(rooms, { ...federation, sender }, inbound.intake, parts);
  const bridges = await openApplicationServices({ ...told, applicationServices });
  const outreach = await openOutreach({ ...parts, accounts, pushRules: opened.pushRules });
  const background = await openBackground(accounts, remoteRooms, config, logger);
  const { threePids } = outreach.services;
  const redeemInvite = openRedeeming({ rooms, remoteRooms, threePids }, inbound, federation);
  const domain = { config, logger, accounts, applicationServices, rooms, sync, encryption };
  const others = { ...mediaServices, ...conversation.services, ...outreach.services, bridges };
  const services = clientServices(
    { ...domain, ...opened, ...shown, ...others, remoteRooms, pasts: inbound.pasts, redeemInvite },
    federation,
    bridges.queries,
    { ...parts, roomServers: inbound.roomServers },
  );
  const sso = openSingleSignOn(services);
  const first = [sso, inbound, presence, outreach, conversation, bridges, sender];
  // What happens in the background ends with the requests to other servers.
  const last = [{ close: closeMedia }, resyncer, federation, background, accounts, database];
  const { singleSignOn } = sso;
  return {
    services: { ...services, singleSignOn },
    federation,
    inbound,
    close: () => closeAll([...first, ...last]),
  };
}

interface HandlerParts {
  readonly logger: Logger;
  readonly now: () => number;
  readonly roomServers: RoomServers;
}

/** What is composed of the domain, for the handlers. */
function clientServices(
  domain: Omit<ClientServices, ComposedService>,
  { client }: Federation,
  queries: ServiceQueries,
  { logger, now, roomServers }: HandlerParts,
): Omit<ClientServices, 'singleSignOn'> {
  const { config, accounts, rooms, sync, media, pushRules, remoteRooms } = domain;
  const { applicationServices } = domain;
  const directory: Directory = {
    rooms,
    config: config.directory,
    federation: client,
    checkAliasOwner: (alias, serviceId) => applicationServices.checkAliasOwner(alias, serviceId),
    bringAlias: (alias) => queries.bringAlias(alias),
    serversOf: async (roomNid) => (await roomServers.of(roomNid)).joinedByAge(),
  };
  const rateLimits = openRateLimiters(config.ratelimiting, now);
  return {
    ...domain,
    slidingSync: openSlidingContext(sync),
    directory,
    directoryClient: client,
    remoteSpaces: new RemoteSpaces(client, rooms.serverName, now),
    copyRoomRules: (...args) => copyRoomRules(pushRules, ...args),
    interactiveAuth: openInteractiveAuth(accounts, config, rateLimits),
    rateLimits,
    checkAvatar: (avatarUrl) => checkAvatar(media, config.profiles, avatarUrl),
    propagateProfile: async (userId) =>
      propagateProfile(rooms, userId, await rooms.profileOf(userId)),
    joinFirstRooms: (user) => joinFirstRooms({ accounts, directory, config, logger }, user),
    bringUser: async (userId) => {
      const isAbsent = (await findAccount(accounts, userId)) === undefined;
      if (isAbsent) await queries.bringUser(userId);
    },
    queryRemoteProfile: (userId, field) => queryProfile(client, userId, field),
    departUser: async (userNid) => {
      await resetPushRules(pushRules, userNid);
      await departUser(remoteRooms, userNid);
    },
  };
}

type ComposedService =
  | 'singleSignOn'
  | 'slidingSync'
  | 'directory'
  | 'directoryClient'
  | 'remoteSpaces'
  | 'copyRoomRules'
  | 'interactiveAuth'
  | 'rateLimits'
  | 'checkAvatar'
  | 'propagateProfile'
  | 'joinFirstRooms'
  | 'queryRemoteProfile'
  | 'bringUser'
  | 'departUser';

/** What other servers missed while nobody knew that they are in a room. */
function missedDeviceLists(
  { server }: Config,
  { reader }: Database,
  { client }: Federation,
  encryption: Encryption,
): Projection {
  return new MissedDeviceLists({
    serverName: server.serverName,
    reader,
    allows: (name) => client.allows(name),
    keysOf: (from, user) => readKeysForServers(encryption, from, user),
  });
}

function roomOptions(
  {
    database,
    names,
    config,
    now,
  }: Pick<RoomsOptions, 'database' | 'names' | 'now'> & {
    readonly config: Config;
  },
  accounts: Accounts,
  ignored: IgnoredUsers,
): Omit<RoomsOptions, 'projections'> {
  return {
    database,
    names,
    signer: eventSigner(config),
    now,
    profileOf: async (userId) => (await profileOf(accounts, userId)) ?? {},
    profileOfInvited: async (userId) =>
      config.profiles.includeProfileDataOnInvite ? ((await profileOf(accounts, userId)) ?? {}) : {},
    hasForgotten,
    isJoined,
    ignoredBy: (userNid) => ignored.of(userNid),
    verify: verifySignature,
    retention: retentionBounds(config),
    prejoinState: config.rooms.prejoinState,
    noticesSenderId: noticesSenderId(config),
  };
}

async function closeAll(inOrder: readonly { close(): void | Promise<void> }[]): Promise<void> {
  for (const opens of inOrder) await opens.close();
}

/** What follows from events, apart from what people notice. */
function roomProjections(names: InternedNames, { server, rooms }: Config): Projection[] {
  return [
    new MembershipProjection(names.users, {
      serverName: server.serverName,
      forgetsOnLeave: rooms.forgetRoomsOnLeave,
      prejoinState: rooms.prejoinState,
    }),
    new ForgetDevicesProjection(names.users, server.serverName),
    new RoomDetailsProjection(),
    new RoomListingProjection(),
    new RelationsProjection(),
  ];
}

function retentionBounds({ retention }: Config): RetentionBounds | undefined {
  if (!retention.enabled) return undefined;
  return {
    defaultMaxMs: retention.defaultPolicy.maxLifetimeMs,
    allowedMinMs: retention.allowedLifetimeMinMs,
    allowedMaxMs: retention.allowedLifetimeMaxMs,
  };
}

function noticesSenderId({ serverNotices: { notices }, server }: Config): string | undefined {
  return notices === undefined ? undefined : `@${notices.localpart}:${server.serverName}`;
}

/** Signs in this server's name. */
function eventSigner(config: Config): EventSigner {
  const { current } = config.signingKeys;
  return {
    serverName: config.server.serverName,
    keyId: current.keyId,
    sha256: (text) => hash('sha256', text, 'base64'),
    privateKey: current.privateKey,
  };
}
