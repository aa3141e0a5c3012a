import type { JsonObject } from '@soma/protocol';

import type { Accounts } from '../accounts/accounts.ts';
import type { Statement } from '../storage/sql.ts';
import type { KeyUser } from './read-user-keys.ts';

/** By user ID, what of each user was asked for. */
export type AskedOfUsers<Value> = ReadonlyMap<string, Value>;

/** What servers of other users answered, and by server name why one did not. */
export interface RemoteAnswer {
  readonly users: Readonly<Record<string, JsonObject>>;
  readonly failures: Readonly<Record<string, JsonObject>>;
}

/** What of a key query concerns users of other servers. */
export interface RemoteKeys extends RemoteAnswer {
  readonly masterKeys: Readonly<Record<string, JsonObject>>;
  readonly selfSigningKeys: Readonly<Record<string, JsonObject>>;
}

/** Users of other servers, as their servers know them; handed in at composition. */
export interface RemoteUsers {
  /** Device IDs by user; none for all devices. */
  queryKeys(
    viewer: KeyUser,
    users: AskedOfUsers<readonly string[]>,
    timeoutMs: number,
  ): Promise<RemoteKeys>;
  /** Algorithm by device, by user. */
  claimKeys(
    users: AskedOfUsers<Readonly<Record<string, string>>>,
    timeoutMs: number,
  ): Promise<RemoteAnswer>;
  /** What hands the contents, by device and user, to be sent on; part of the change that delivers to our own users. */
  sendStatements(
    senderId: string,
    type: string,
    users: AskedOfUsers<Readonly<Record<string, JsonObject>>>,
  ): readonly Statement[];
}

/** What the domain of end-to-end encryption works with; one per process, made at composition. */
export interface Encryption {
  readonly accounts: Accounts;
  readonly remote: RemoteUsers;
  /** Whether other servers are told the names of devices. */
  readonly namesDevices: boolean;
}

/** Who calls: a user on a device. */
export interface OwnDevice {
  readonly userId: string;
  readonly userNid: number;
  readonly deviceId: string;
  readonly deviceNid: number;
}
