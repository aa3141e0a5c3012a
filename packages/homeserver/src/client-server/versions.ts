import type { Config } from '../config/config.ts';
import { reply } from '../http/response.ts';
import { accountEndpoint } from './services.ts';

/** As Synapse claims them; clients choose their paths and features by this list. */
const versions = [
  'r0.0.1',
  'r0.1.0',
  'r0.2.0',
  'r0.3.0',
  'r0.4.0',
  'r0.5.0',
  'r0.6.0',
  'r0.6.1',
  'v1.1',
  'v1.2',
  'v1.3',
  'v1.4',
  'v1.5',
  'v1.6',
  'v1.7',
  'v1.8',
  'v1.9',
  'v1.10',
  'v1.11',
  'v1.12',
];

/** What is not, or not under this name, in the specification and yet works: nothing else may stand here. */
const unstableFeatures: Readonly<Record<string, boolean>> = {
  // Keys by which users sign their devices and one another.
  'org.matrix.e2e_cross_signing': true,
  // Aliases of a room, and the rules about canonical ones.
  'org.matrix.msc2432': true,
  // Types of rooms in the published directory.
  'org.matrix.msc3827.stable': true,
  // Simplified sliding sync.
  'org.matrix.simplified_msc3575': true,
  // Rooms that one shares with another user.
  'uk.half-shot.msc2666.query_mutual_rooms.stable': true,
  // Threads: their relations, their list, and receipts of their own.
  'org.matrix.msc3440.stable': true,
  'org.matrix.msc3771': true,
  // Pushers that are turned off, also those of other devices.
  'org.matrix.msc3881': true,
  // What relates to an event indirectly.
  'org.matrix.msc3981': true,
  // Threads that one follows.
  'org.matrix.msc4306': true,
  // Profiles with fields of any name.
  'uk.tcpip.msc4133.stable': true,
};

function featuresOf({ sessions, rooms }: Config): object {
  return {
    ...unstableFeatures,
    // Logging in from a session that there is already.
    'org.matrix.msc3882': sessions.viaExistingSession.enabled,
    // Events that are sent later.
    'org.matrix.msc4140': rooms.maxEventDelayMs !== undefined,
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
