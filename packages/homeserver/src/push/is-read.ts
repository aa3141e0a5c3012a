import type { ReadPositions } from '../ephemeral/read-position-store.ts';

/** Whether a user has read an event of this order: by a receipt, or since the user joined only later. */
export function isRead(
  order: number | null,
  threadNid: number,
  read: ReadPositions | undefined,
): boolean {
  if (read === undefined || order === null) return false;
  return order <= Math.max(read.unthreaded, read.threads.get(threadNid) ?? 0);
}
