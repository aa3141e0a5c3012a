import type { Guard } from '../../storage/change.ts';
import { escapeText, unescapeText } from '../../storage/escape-text.ts';
import { query, statement } from '../../storage/sql.ts';
import type { Reader, Statement } from '../../storage/sql.ts';

/** The kind of an address (appendices, "3PID Types"). */
export type Medium = 'email' | 'msisdn';

/** An address, in its canonical form. */
export interface Address {
  readonly medium: Medium;
  readonly address: string;
}

/** An address of an account. */
export interface ThreePid extends Address {
  /** When the user proved that it is theirs, in milliseconds since the Unix epoch. */
  readonly validatedTs: number;
  readonly addedTs: number;
}

const ofUser = query<{ medium: Medium; address: string; validated_ts: number; added_ts: number }>(
  `select medium, address, validated_ts, added_ts from three_pids where user_nid = ?
   order by added_ts, medium, address`,
);
const owner = query<{ user_nid: number }>(
  'select user_nid from three_pids where medium = ? and address = ?',
);
const ownerIfNot = query('select 1 as one from three_pids where medium = ? and address = ?');
const put = query(
  `insert into three_pids (medium, address, user_nid, validated_ts, added_ts) values (?, ?, ?, ?, ?)
   on conflict (medium, address) do update set validated_ts = excluded.validated_ts
   where three_pids.user_nid = excluded.user_nid
   returning user_nid`,
);
const remove = query('delete from three_pids where user_nid = ? and medium = ? and address = ?');
const removeAll = query('delete from three_pids where user_nid = ?');
const bindings = query<{ medium: Medium; address: string; id_server: string }>(
  'select medium, address, id_server from three_pid_bindings where user_nid = ?',
);
const bind = query(
  `insert into three_pid_bindings (user_nid, medium, address, id_server) values (?, ?, ?, ?)
   on conflict do nothing`,
);
const unbind = query(
  `delete from three_pid_bindings
   where user_nid = ? and medium = ? and address = ? and id_server = ?`,
);

export async function readThreePids(reader: Reader, userNid: number): Promise<ThreePid[]> {
  return (await reader.all(ofUser, userNid)).map((row) => ({
    medium: row.medium,
    address: unescapeText(row.address),
    validatedTs: row.validated_ts,
    addedTs: row.added_ts,
  }));
}

/** Whose address it is. */
export async function readOwnerOfAddress(
  reader: Reader,
  { medium, address }: { readonly medium: string; readonly address: string },
): Promise<number | undefined> {
  return (await reader.get(owner, escapeText(medium), escapeText(address)))?.user_nid;
}

/** Gives a row back unless the address is another's. */
export function putThreePidStatement(userNid: number, threePid: ThreePid): Statement {
  const { medium, address, validatedTs, addedTs } = threePid;
  return statement(put, medium, escapeText(address), userNid, validatedTs, addedTs);
}

/** The name of {@link addressIsFree}. */
export const ADDRESS_IS_FREE = 'address-is-free';

/** Holds while nobody has the address. */
export function addressIsFree({ medium, address }: Address): Guard {
  const check = statement(ownerIfNot, medium, escapeText(address));
  return { name: ADDRESS_IS_FREE, check, expect: 'absent' };
}

export function deleteThreePidStatement(userNid: number, { medium, address }: Address): Statement {
  return statement(remove, userNid, medium, escapeText(address));
}

export function deleteThreePidsStatement(userNid: number): Statement {
  return statement(removeAll, userNid);
}

/** An identity server that was told of an address. */
export interface Binding extends Address {
  readonly idServer: string;
}

export async function readBindings(reader: Reader, userNid: number): Promise<Binding[]> {
  return (await reader.all(bindings, userNid)).map((row) => ({
    medium: row.medium,
    address: unescapeText(row.address),
    idServer: unescapeText(row.id_server),
  }));
}

export function putBindingStatement(userNid: number, binding: Binding): Statement {
  const { medium, address, idServer } = binding;
  return statement(bind, userNid, medium, escapeText(address), escapeText(idServer));
}

export function deleteBindingStatement(userNid: number, binding: Binding): Statement {
  const { medium, address, idServer } = binding;
  return statement(unbind, userNid, medium, escapeText(address), escapeText(idServer));
}
