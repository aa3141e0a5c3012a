import { failed } from './stage.ts';
import type { Stage } from './stage.ts';

/** Client-server API, "Single Sign-On": it is completed by the pages that lead to the identity provider. */
export const ssoStage: Stage = {
  type: 'm.login.sso',
  check: async () => failed('M_FORBIDDEN', 'This is done on the page of the stage'),
};
