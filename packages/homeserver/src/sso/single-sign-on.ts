import type { Accounts } from '../accounts/accounts.ts';
import type { SingleSignOnConfig } from '../config/config.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { IdentityProvider } from './identity-provider.ts';
import type { SignInSeal } from './sign-in-seal.ts';
import type { SignInSessions } from './sign-in-sessions.ts';

/** What single sign-on works with; made at composition. */
export interface SingleSignOn {
  readonly accounts: Accounts;
  readonly config: SingleSignOnConfig;
  readonly logger: Logger;
  /** By their IDs, in the order of the configuration. */
  readonly providers: ReadonlyMap<string, IdentityProvider>;
  readonly seal: SignInSeal;
  readonly sessions: SignInSessions;
  /** Where clients reach this server; ends in a slash. */
  readonly baseUrl: string;
  /** Addresses of clients that get a login without asking the user. */
  readonly trustedClients: readonly string[];
  /** Whether new users must accept documents. */
  readonly requiresConsent: boolean;
  /** Does what follows from a new account: its address is told of, it joins the first rooms. */
  welcome(user: NewUser): Promise<void>;
  /** The picture at an address of the provider's, as a new upload of the user; undefined where it cannot be had. */
  fetchPicture(userNid: number, url: string): Promise<FetchedPicture | undefined>;
  /** Sends the user's profile, as it is now, into the rooms that the user has joined. */
  propagateProfile(userId: string): Promise<void>;
}

export interface NewUser {
  readonly userId: string;
  readonly userNid: number;
  readonly email: string | undefined;
}

export interface FetchedPicture {
  /** Undefined where the given picture is the same. */
  readonly avatarUrl: string | undefined;
}

/** A user of this server. */
export interface KnownUser {
  readonly userNid: number;
  readonly userId: string;
}
