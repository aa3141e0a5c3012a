import { missingParam } from '../../errors/matrix-error.ts';
import { completed } from './stage.ts';
import type { Stage } from './stage.ts';

export const EMAIL_IDENTITY = 'm.login.email.identity';

/** The address that a session has proven for an endpoint; undefined unless it has. */
export type UseEmailProof = (
  sessionId: string,
  clientSecret: string,
  path: string,
) => Promise<object | undefined>;

/** Client-server API, "Email-based (identity / homeserver)": the result of the stage is the address. */
export function emailStage(useProof: UseEmailProof): Stage {
  return {
    type: EMAIL_IDENTITY,
    async check(auth, { path }) {
      const { sid, client_secret: clientSecret } = credentialsIn(auth);
      if (typeof sid !== 'string' || typeof clientSecret !== 'string') {
        throw missingParam('Missing required field: auth.threepid_creds');
      }
      const address = await useProof(sid, clientSecret, path);
      if (address !== undefined) return completed(address);
      // Clients ask again and again until the link in the mail is followed: that is no attempt that failed.
      const error = 'The address has not been proven yet';
      return { isCompleted: false, extra: { errcode: 'M_UNAUTHORIZED', error } };
    },
  };
}

function credentialsIn(auth: Readonly<Record<string, unknown>>): Record<string, unknown> {
  // The second spelling is that of the drafts, which clients send until today.
  const credentials = auth['threepid_creds'] ?? auth['threepidCreds'];
  return typeof credentials === 'object' && credentials !== null ? { ...credentials } : {};
}
