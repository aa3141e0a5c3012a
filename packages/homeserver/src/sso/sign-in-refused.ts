export type RefusalReason =
  /** The browser did not begin it here, or too long ago. */
  | 'unknown-session'
  | 'unknown-provider'
  /** The provider does not answer, or not as it should. */
  | 'provider-failed'
  /** The provider says no: the user has declined, for example. */
  | 'provider-refused'
  /** What the provider says of the user is not what is required. */
  | 'not-allowed'
  | 'no-registration'
  /** What the provider says does not make a user. */
  | 'unusable-user'
  | 'deactivated'
  | 'locked'
  | 'other-user'
  | 'too-many';

const statuses: Readonly<Record<RefusalReason, number>> = {
  'unknown-session': 400,
  'unknown-provider': 404,
  'provider-failed': 502,
  'provider-refused': 403,
  'not-allowed': 403,
  'no-registration': 403,
  'unusable-user': 403,
  deactivated: 403,
  locked: 403,
  'other-user': 403,
  'too-many': 429,
};

/** A sign-in that ends here, which a page tells of. */
export class SignInRefused extends Error {
  readonly reason: RefusalReason;

  /** @param message for the log */
  constructor(reason: RefusalReason, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'SignInRefused';
    this.reason = reason;
  }

  get status(): number {
    return statuses[this.reason];
  }
}
