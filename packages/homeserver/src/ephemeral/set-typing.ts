import { forbidden } from '../errors/matrix-error.ts';
import type { Ephemeral } from './ephemeral.ts';
import { joinedRoom } from './send-receipt.ts';

/** What a local user says of their typing. */
export interface TypingRequest {
  readonly roomId: string;
  readonly userNid: number;
  readonly userId: string;
  /** Of whom it is said. */
  readonly target: string;
  readonly isTyping: boolean;
  readonly timeoutMs?: number | undefined;
}

/** Notes that the user types, or no longer does. Throws `403 M_FORBIDDEN`. */
export async function setTyping(ephemeral: Ephemeral, request: TypingRequest): Promise<void> {
  const { userId, userNid, roomId, target, isTyping, timeoutMs } = request;
  if (target !== userId) throw forbidden('You cannot type for somebody else');
  const roomNid = await joinedRoom(ephemeral, userNid, roomId);
  if (isTyping) ephemeral.typing.start(roomNid, userId, timeoutMs);
  else ephemeral.typing.stop(roomNid, userId);
}
