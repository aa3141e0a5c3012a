import type { ExternalUser, ProviderRules } from './external-user.ts';

/** What a sign-in is for. */
export type SignInGoal =
  | { readonly kind: 'login'; readonly redirectUrl: string }
  /** A stage of interactive authentication: the session. */
  | { readonly kind: 'confirm'; readonly sessionId: string };

/** A sign-in that a browser has begun, kept in a cookie of that browser. */
export interface PendingSignIn {
  readonly providerId: string;
  readonly goal: SignInGoal;
  /** What the provider's answer must bring back. */
  readonly state: string;
  readonly nonce: string;
  /** Of PKCE, where it is used. */
  readonly codeVerifier: string | undefined;
}

/** What the client's request says beside the goal. */
export interface SignInWish {
  readonly state: string;
  readonly nonce: string;
  /** Whether somebody wants a new account. */
  readonly wantsRegistration: boolean;
  parameter(name: string): string | undefined;
}

export interface BegunSignIn {
  /** Where the browser goes. */
  readonly location: string;
  readonly codeVerifier?: string | undefined;
}

/** Somebody who says who a user is. */
export interface IdentityProvider {
  /** As clients and the database know it. */
  readonly id: string;
  readonly name: string;
  /** An mxc:// address. */
  readonly icon: string | undefined;
  readonly brand: string | undefined;
  readonly kind: 'oidc' | 'cas';
  readonly rules: ProviderRules;
  /** Throws a {@link SignInRefused} where the provider cannot be reached. */
  begin(wish: SignInWish): Promise<BegunSignIn>;
  /** Who it was, by the parameters that the browser brought back. Throws a {@link SignInRefused}. */
  finish(pending: PendingSignIn, answer: URLSearchParams): Promise<ExternalUser>;
}
