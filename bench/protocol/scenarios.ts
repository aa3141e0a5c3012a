import { json } from './json.ts';
import type { ProtocolScenario } from './scenario.ts';

/** All scenarios of the protocol package, in the order of the page. */
export const protocolScenarios: readonly ProtocolScenario[] = [json];
