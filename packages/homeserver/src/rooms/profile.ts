/** What of a user's profile goes into member events. */
export interface Profile {
  readonly displayName?: string | undefined;
  readonly avatarUrl?: string | undefined;
}
