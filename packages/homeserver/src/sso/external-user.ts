import type { AttributeRequirement } from '../config/sso/identity-provider-options.ts';

/** What becomes of those that a provider knows and this server does not yet. */
export interface ProviderRules {
  readonly enablesRegistration: boolean;
  /** Whether who has the name of an account gets that account. */
  readonly allowsExistingUsers: boolean;
}

/** A user as a provider knows them. */
export interface ExternalUser {
  readonly provider: {
    readonly id: string;
    readonly name: string;
    readonly rules: ProviderRules;
  };
  /** Which user of the provider it is, for ever. */
  readonly externalId: string;
  /** The session at the provider, which it may end. */
  readonly providerSessionId: string | undefined;
  /** The name that the user is to have here; undefined where the user chooses. */
  readonly localpart: string | undefined;
  readonly confirmsLocalpart: boolean;
  readonly displayName: string | undefined;
  readonly email: string | undefined;
  readonly pictureUrl: string | undefined;
  /** What the answer to the login says beside what the specification has. */
  readonly extraAttributes: Readonly<Record<string, string>>;
}

/** Whether what is said of a user is all that is required. A list has a value where one of its entries is it. */
export function meetsRequirements(
  attributes: Readonly<Record<string, unknown>>,
  requirements: readonly AttributeRequirement[],
): boolean {
  return requirements.every(({ attribute, oneOf }) => {
    if (!Object.hasOwn(attributes, attribute)) return false;
    if (oneOf === undefined) return true;
    const found = attributes[attribute];
    const values: unknown[] = Array.isArray(found) ? found : [found];
    return oneOf.some((wanted) => values.includes(wanted));
  });
}
