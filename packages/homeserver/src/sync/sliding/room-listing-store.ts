import { membershipName } from '../../membership/membership-store.ts';
import type { Membership, MembershipRecord } from '../../membership/membership-store.ts';
import { unescapeText } from '../../storage/escape-text.ts';
import { integerList, query, statement } from '../../storage/sql.ts';
import type { Reader, SqlParam, Statement } from '../../storage/sql.ts';

const putBump = query(
  `insert into room_listings (room_nid, bump_position, encrypted) values (?, ?, 0)
   on conflict (room_nid) do update set bump_position = excluded.bump_position`,
);
const putEncrypted = query(
  `insert into room_listings (room_nid, bump_position, encrypted) values (?, 0, 1)
   on conflict (room_nid) do update set encrypted = 1`,
);

interface ListingRow {
  readonly room_nid: number;
  readonly user_nid: number;
  readonly membership: number;
  readonly event_nid: number;
  readonly position: number;
  readonly forgotten: number;
  readonly sender_nid: number | null;
  readonly bump_position: number | null;
  readonly encrypted: number | null;
  readonly detailed: number | null;
  readonly room_type: string | null;
}

/** The sender of a member event says who invited, or whether somebody left or was removed; nobody asks it of a join. */
const listing = `select m.room_nid, m.user_nid, m.membership, m.event_nid, m.position, m.forgotten,
    coalesce(e.sender_nid, o.sender_nid) as sender_nid, l.bump_position, l.encrypted,
    d.room_nid as detailed, d.room_type
  from memberships m
  left join events e on e.event_nid = m.event_nid and m.membership > 1
  left join out_of_band_memberships o
    on o.user_nid = m.user_nid and o.room_nid = m.room_nid and o.event_nid = m.event_nid
  left join room_listings l on l.room_nid = m.room_nid
  left join room_details d on d.room_nid = m.room_nid
  where m.user_nid = ?`;
const ofUser = query<ListingRow>(listing);
const ofRooms = query<ListingRow>(`${listing} and m.room_nid {in}`);
const changed = query<ListingRow>(`${listing} and (m.position > ? or m.membership >= 4)`);

/** A room among those of a user, as lists filter and order it. */
export interface ListedRoom extends Pick<
  MembershipRecord,
  'roomNid' | 'userNid' | 'membership' | 'eventNid' | 'position' | 'forgotten'
> {
  /** Forgotten by leaving, so that the leave must still be told. */
  readonly forgottenByLeaving: boolean;
  /** Who sent the member event; undefined for a join. */
  readonly senderNid: number | undefined;
  /** By which rooms are ordered, the greatest first. */
  readonly bumpStamp: number;
  readonly isEncrypted: boolean;
  /** Undefined for none; null where it is not known yet. */
  readonly roomType: string | undefined | null;
}

/** The room comes first in the lists of its members. */
export function bumpStatement(roomNid: number, position: SqlParam): Statement {
  return statement(putBump, roomNid, position);
}

export function encryptedStatement(roomNid: number): Statement {
  return statement(putEncrypted, roomNid);
}

/** Every room that the user has a membership of. */
export async function readListedRooms(reader: Reader, userNid: number): Promise<ListedRoom[]> {
  return (await reader.all(ofUser, userNid)).map(toListed);
}

/** Some of them. */
export async function readListedRoomsIn(
  reader: Reader,
  userNid: number,
  roomNids: Iterable<number>,
): Promise<ListedRoom[]> {
  return (await reader.all(ofRooms, userNid, integerList(roomNids))).map(toListed);
}

/** Those whose membership changed above a position; and, since forgetting has no position, all that were left. */
export async function readListedRoomsChanged(
  reader: Reader,
  userNid: number,
  above: number,
): Promise<ListedRoom[]> {
  return (await reader.all(changed, userNid, above)).map(toListed);
}

function toListed(row: ListingRow): ListedRoom {
  const membership: Membership = membershipName(row.membership);
  const bump = row.bump_position ?? 0;
  return {
    roomNid: row.room_nid,
    userNid: row.user_nid,
    membership,
    eventNid: row.event_nid,
    position: row.position,
    forgotten: row.forgotten !== 0,
    forgottenByLeaving: row.forgotten === 2,
    senderNid: row.sender_nid ?? undefined,
    // Who is not in the room learns nothing of what happens there.
    bumpStamp: membership === 'join' && bump > 0 ? bump : row.position,
    isEncrypted: row.encrypted === 1,
    roomType:
      row.room_type === null
        ? row.detailed === null
          ? null
          : undefined
        : unescapeText(row.room_type),
  };
}
