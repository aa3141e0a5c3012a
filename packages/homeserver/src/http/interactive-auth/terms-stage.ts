import { completed } from './stage.ts';
import type { Stage } from './stage.ts';

export const TERMS = 'm.login.terms';

/** A document by language, with the version that all its translations have. */
export interface Policy {
  readonly version: string;
  readonly translations: Readonly<Record<string, { readonly name: string; readonly url: string }>>;
}

export type Policies = Readonly<Record<string, Policy>>;

/** Client-server API, "Terms of service at registration": whoever submits it has accepted them. */
export function termsStage(policies: Policies): Stage {
  return {
    type: TERMS,
    params: () => ({
      policies: Object.fromEntries(
        Object.entries(policies).map(([id, { version, translations }]) => [
          id,
          { version, ...translations },
        ]),
      ),
    }),
    check: async () => completed(true),
  };
}
