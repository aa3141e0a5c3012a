import { auth } from './auth.ts';
import { events } from './events.ts';
import { json } from './json.ts';
import { pushRules } from './push-rules.ts';
import type { ProtocolScenario } from './scenario.ts';
import { stateResolution } from './state-resolution.ts';

/** All scenarios of the protocol package, in the order of the page. */
export const protocolScenarios: readonly ProtocolScenario[] = [
  json,
  events,
  auth,
  stateResolution,
  pushRules,
];
