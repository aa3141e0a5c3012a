import { authEventsCases } from './auth-events-cases.ts';
import { createCases } from './create-cases.ts';
import { joinCases } from './join-cases.ts';
import { membershipCases } from './membership-cases.ts';
import { otherCases } from './other-cases.ts';
import { powerLevelsCases } from './power-levels-cases.ts';
import { thirdPartyCases } from './third-party-cases.ts';
import type { AuthCase } from './world.ts';

/** All cases of the auth rules. */
export const AUTH_CASES: readonly AuthCase[] = [
  ...createCases,
  ...authEventsCases,
  ...joinCases,
  ...membershipCases,
  ...thirdPartyCases,
  ...powerLevelsCases,
  ...otherCases,
];
