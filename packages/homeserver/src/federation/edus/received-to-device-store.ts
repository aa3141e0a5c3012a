import type { Guard } from '../../storage/change.ts';
import { query, statement } from '../../storage/sql.ts';
import type { Statement } from '../../storage/sql.ts';

const known = query('select 1 as one from received_to_device where hash = ?');
const put = query('insert into received_to_device (hash, ts) values (?, ?)');
const expire = query('delete from received_to_device where ts < ?');

/** Holds while the message has not come; `hash` is that of its sender and ID. */
export function toDeviceIsNew(hash: Uint8Array): Guard {
  return { name: 'to-device-is-new', check: statement(known, hash), expect: 'absent' };
}

/** Remembers a message, and forgets those from before `expiredTs`. */
export function rememberReceivedStatements(
  hash: Uint8Array,
  nowTs: number,
  expiredTs: number,
): Statement[] {
  return [statement(expire, expiredTs), statement(put, hash, nowTs)];
}
