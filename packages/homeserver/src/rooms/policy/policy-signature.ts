import { canonicalJson, parsePduText, referenceText } from '@soma/protocol';
import type { Pdu, RoomVersion, SignatureVerifier } from '@soma/protocol';

import type { PolicyServer } from './policy-server.ts';

/** SS API, "Validating Policy Server signatures": "is *always* `ed25519:policy_server`". */
export const POLICY_KEY_ID = 'ed25519:policy_server';

/** Whether an event, given as its canonical JSON, has the policy server's signature. */
export function isRecommended(
  json: string,
  version: RoomVersion,
  { serverName, publicKey }: PolicyServer,
  verify: SignatureVerifier,
): boolean {
  const pdu = exactPdu(json, version);
  const signature = pdu.signatures[serverName]?.[POLICY_KEY_ID];
  return typeof signature === 'string' && verify(publicKey, signature, referenceText(pdu, version));
}

/** The event with that signature beside those that it has, of the same server too: it may be the sender's. */
export function withPolicySignature(
  json: string,
  version: RoomVersion,
  { serverName }: PolicyServer,
  signature: string,
): string {
  const pdu = exactPdu(json, version);
  const ofServer = { ...pdu.signatures[serverName], [POLICY_KEY_ID]: signature };
  return canonicalJson({ ...pdu, signatures: { ...pdu.signatures, [serverName]: ofServer } });
}

/** An event of ours, or one whose format was checked. */
function exactPdu(json: string, version: RoomVersion): Pdu {
  const parsed = parsePduText(json, version);
  if (!parsed.ok) throw new Error(`a checked event has no valid format: ${parsed.problem.reason}`);
  return parsed.exact;
}
