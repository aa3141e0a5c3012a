import { canonicalJson, referenceText } from '@soma/protocol';
import type { Pdu, RoomVersion } from '@soma/protocol';

import { signText } from '../../config/signing-key.ts';
import type { EventSigner } from '../../rooms/rooms.ts';

/** The canonical JSON of an event, with this server's signature beside those that it has. */
export function signedByUs(pdu: Pdu, version: RoomVersion, signer: EventSigner): string {
  const { serverName, keyId, privateKey } = signer;
  const signature = signText(privateKey, referenceText(pdu, version));
  const own = { ...pdu.signatures[serverName], [keyId]: signature };
  return canonicalJson({ ...pdu, signatures: { ...pdu.signatures, [serverName]: own } });
}
