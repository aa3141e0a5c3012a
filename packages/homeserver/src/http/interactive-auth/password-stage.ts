import { forbidden, missingParam } from '../../errors/matrix-error.ts';
import type { InteractiveSession } from './session-store.ts';
import { completed, failed } from './stage.ts';
import type { AuthData, Stage } from './stage.ts';

/** A user identifier object of the spec ("Identifier types"), not yet checked. */
export type UserIdentifier = Readonly<Record<string, unknown>>;

/** The user id whose password it is, or undefined. */
export type VerifyPassword = (
  identifier: UserIdentifier,
  password: string,
) => Promise<string | undefined>;

/** Client-server API, "Password-based": the result of the stage is the user id. */
export function passwordStage(verifyPassword: VerifyPassword): Stage {
  return {
    type: 'm.login.password',
    async check(auth, session) {
      const { password } = auth;
      if (typeof password !== 'string') throw missingParam('Missing required field: auth.password');
      const userId = await verifyPassword(identifierOf(auth, session), password);
      if (userId === undefined) return failed('M_FORBIDDEN', 'Invalid username or password');
      if (session.userId !== undefined && session.userId !== userId) {
        throw forbidden('The password is that of another user');
      }
      return completed(userId);
    },
  };
}

function identifierOf(auth: AuthData, session: InteractiveSession): UserIdentifier {
  const { identifier, user } = auth;
  if (typeof identifier === 'object' && identifier !== null) return { ...identifier };
  // As clients sent it before identifiers, and some still do.
  if (typeof user === 'string') return { type: 'm.id.user', user };
  if (session.userId !== undefined) return { type: 'm.id.user', user: session.userId };
  throw missingParam('Missing required field: auth.identifier');
}
