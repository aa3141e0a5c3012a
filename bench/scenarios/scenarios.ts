import type { Scenario } from '../scenario.ts';
import { federationCatchUp } from './federation-catch-up.ts';
import { federationIdle } from './federation-idle.ts';
import { federationInbound } from './federation-inbound.ts';
import { federationJoins } from './federation-joins.ts';
import { footprint } from './footprint.ts';
import { initialSync } from './initial-sync.ts';
import { initialSyncs } from './initial-syncs.ts';
import { joins } from './joins.ts';
import { media } from './media.ts';
import { members } from './members.ts';
import { reading } from './reading.ts';
import { rooms } from './rooms.ts';
import { searches } from './searches.ts';
import { sends } from './sends.ts';
import { slidingSync } from './sliding-sync.ts';
import { wakeUp } from './wake-up.ts';

/** All scenarios, in the order of the page. */
export const scenarios: readonly Scenario[] = [
  sends,
  rooms,
  members,
  joins,
  reading,
  wakeUp,
  initialSync,
  initialSyncs,
  slidingSync,
  searches,
  footprint,
  media,
  federationInbound,
  federationJoins,
  federationCatchUp,
  federationIdle,
];
