import type { Config } from '../config/config.ts';
import type { RoomsConfig } from '../config/rooms.ts';
import { reply } from '../http/response.ts';
import { accountEndpoint } from './services.ts';

/** From before the specification had one version for all its parts. */
const oldVersions = [
  'r0.0.1',
  'r0.1.0',
  'r0.2.0',
  'r0.3.0',
  'r0.4.0',
  'r0.5.0',
  'r0.6.0',
  'r0.6.1',
];
const NEWEST_MINOR = 19;

/** Clients choose their paths and features by this list. */
const versions = [
  ...oldVersions,
  ...Array.from({ length: NEWEST_MINOR }, (_, index) => `v1.${index + 1}`),
];

/** What is not, or not under this name, in the specification and yet works: nothing else may stand here. */
const unstableFeatures: Readonly<Record<string, boolean>> = {
  // Redactions that are sent as other events are.
  'com.beeper.msc4169': true,
  // Labels of events, by which filters choose.
  'org.matrix.label_based_filtering': true,
  // Read receipts that nobody else sees.
  'org.matrix.msc2285.stable': true,
  // Keys by which users sign their devices and one another.
  'org.matrix.e2e_cross_signing': true,
  // Aliases of a room, and the rules about canonical ones.
  'org.matrix.msc2432': true,
  // Types of rooms in the published directory.
  'org.matrix.msc3827.stable': true,
  // Simplified sliding sync.
  'org.matrix.simplified_msc3575': true,
  // Application services that ask whether they are reached.
  'fi.mau.msc2659.stable': true,
  // Rooms that one shares with another user.
  'uk.half-shot.msc2666.query_mutual_rooms.stable': true,
  // Threads: their relations, their list, and receipts of their own.
  'org.matrix.msc3440.stable': true,
  'org.matrix.msc3771': true,
  // Pushers that are turned off, also those of other devices.
  'org.matrix.msc3881': true,
  // What relates to an event indirectly.
  'org.matrix.msc3981': true,
  // The first timeline of a room is in the order of its history.
  'org.matrix.msc4445.initial_sync_timeline_topological_ordering': true,
  // Who may invite: a filter, and blocking all.
  'org.matrix.msc4155': true,
  'org.matrix.msc4380.stable': true,
  // Threads that one follows.
  'org.matrix.msc4306': true,
  // Profiles with fields of any name.
  'uk.tcpip.msc4133.stable': true,
};

function featuresOf({ sessions, rooms, turn }: Config): object {
  return {
    ...unstableFeatures,
    ...forcedEncryption(rooms),
    // Logging in from a session that there is already.
    'org.matrix.msc3882': sessions.viaExistingSession.enabled,
    // Events that are sent later.
    'org.matrix.msc4140': rooms.maxEventDelayMs !== undefined,
    // What carries group calls.
    'org.matrix.msc4143': turn.matrixRtc.transports.length > 0,
  };
}

/** Which new rooms are encrypted without being asked, as Element reads it. */
function forcedEncryption({ encryptionEnabledByDefaultForRoomType: type }: RoomsConfig): object {
  return {
    'io.element.e2ee_forced.public': type === 'all',
    'io.element.e2ee_forced.private': type !== 'off',
    'io.element.e2ee_forced.trusted_private': type !== 'off',
  };
}

const headers = { 'Cache-Control': 'public, max-age=600, s-maxage=3600', Vary: 'Authorization' };

export const getVersions = accountEndpoint({
  operationId: 'getVersions',
  summary: 'The versions of the specification that the server speaks',
  spec: 'Server administration',
  method: 'GET',
  paths: ['/_matrix/client/versions'],
  authentication: 'none',
  errcodes: [],
  handle: (_request, { config }) =>
    reply({ versions, unstable_features: featuresOf(config) }, { headers }),
});
