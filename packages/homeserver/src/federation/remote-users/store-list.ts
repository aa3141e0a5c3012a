import { putCrossSigningKeyStatement } from '../../e2ee/cross-signing-store.ts';
import type { Statement } from '../../storage/sql.ts';
import type { RemoteUserKeys } from './parse-remote-keys.ts';
import {
  putListStatement,
  putRemoteDeviceStatement,
  removeListStatements,
} from './remote-device-store.ts';

/** Puts a whole list in place of what was known; `streamId` is null where the server did not tell its version. */
export function storeListStatements(
  userNid: number,
  streamId: number | null,
  { devices, master, selfSigning }: RemoteUserKeys,
): Statement[] {
  return [
    ...removeListStatements(userNid),
    putListStatement(userNid, streamId),
    ...devices.map((device) => putRemoteDeviceStatement(userNid, device)),
    ...signingKeyStatements(userNid, { master, selfSigning }),
  ];
}

export function signingKeyStatements(
  userNid: number,
  { master, selfSigning }: Pick<RemoteUserKeys, 'master' | 'selfSigning'>,
): Statement[] {
  const given = [
    ['master', master],
    ['self_signing', selfSigning],
  ] as const;
  return given.flatMap(([usage, key]) =>
    key === undefined ? [] : [putCrossSigningKeyStatement(userNid, usage, JSON.stringify(key))],
  );
}
