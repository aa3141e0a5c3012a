import { forbidden } from '../errors/matrix-error.ts';

/** Throws `403 M_FORBIDDEN` unless the path names the requester. */
export function checkOwnUser(requester: { readonly userId: string }, userId: string): void {
  if (requester.userId !== userId) throw forbidden('That belongs to another user');
}
