import { redactPdu, requiredSigners, signJson, signedText } from '@soma/protocol';
import type { Pdu, RoomVersion } from '@soma/protocol';

import { signText } from '../../config/signing-key.ts';
import type { EventSigner } from '../../rooms/rooms.ts';
import type { RemoteRooms } from './remote-rooms.ts';

/** Whether all have signed an event who must have, and `others`. */
export async function isSignedByAll(
  { keyRing }: Pick<RemoteRooms, 'keyRing'>,
  pdu: Pdu,
  version: RoomVersion,
  others: readonly string[] = [],
): Promise<boolean> {
  const text = signedText(redactPdu(pdu, version));
  const use = { kind: 'event', originServerTs: pdu.origin_server_ts, version } as const;
  for (const server of new Set([...requiredSigners(pdu, version), ...others])) {
    if (!(await keyRing.verify(pdu.signatures, text, server, use)).valid) return false;
  }
  return true;
}

/** The event with this server's signature beside those that it has. */
export function withOwnSignature(pdu: Pdu, version: RoomVersion, signer: EventSigner): Pdu {
  const sign = (text: string): string => signText(signer.privateKey, text);
  const { [signer.serverName]: own } = signJson(redactPdu(pdu, version), {
    ...signer,
    sign,
  }).signatures;
  if (own === undefined) throw new Error('an event was not signed');
  return { ...pdu, signatures: { ...pdu.signatures, [signer.serverName]: own } };
}
