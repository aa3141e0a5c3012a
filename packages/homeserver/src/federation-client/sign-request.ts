import { formatXMatrix, signedRequestTextOf } from '@soma/protocol';
import type { SignedRequest } from '@soma/protocol';

/** In whose name requests are signed. */
export interface RequestSigner {
  readonly serverName: string;
  /** `ed25519:…` */
  readonly keyId: string;
  /** The signature of the text's UTF-8 bytes in unpadded base64. */
  sign(text: string): string;
}

/** The `Authorization` header of a request; `contentText` is its body as canonical JSON. */
export function signRequest(
  request: Omit<SignedRequest, 'origin'>,
  contentText: string | undefined,
  { serverName, keyId, sign }: RequestSigner,
): string {
  const { destination } = request;
  const signature = sign(signedRequestTextOf({ ...request, origin: serverName }, contentText));
  return formatXMatrix({ origin: serverName, destination, keyId, signature });
}
