import { escapeText } from '../storage/escape-text.ts';
import { integerList, query, statement } from '../storage/sql.ts';
import type { Reader, Statement } from '../storage/sql.ts';
import { OWN } from './media-store.ts';

const quarantine = query(
  `update media set quarantined_by = ?
   where quarantined_by is null and safe_from_quarantine = 0 and sha256 is not null and (
     media_nid {in} or sha256 in (
       select o.sha256 from media o where o.media_nid {in} and o.safe_from_quarantine = 0
     )
   ) returning media_nid`,
);
const release = query(
  `update media set quarantined_by = null
   where quarantined_by is not null and sha256 in (
     select o.sha256 from media o where o.origin = ? and o.media_id = ?
   )`,
);
const protect = query(
  `update media set safe_from_quarantine = ? where origin = '' and media_id = ?`,
);
const nidOf = query<{ media_nid: number }>(
  'select media_nid from media where origin = ? and media_id = ?',
);
const ofUser = query<{ media_nid: number }>(
  `select media_nid from media where user_nid = ? and origin = '' and sha256 is not null
   order by media_nid`,
);

/** Also what has the same bytes. */
export function quarantineStatement(mediaNids: readonly number[], by: string): Statement {
  const nids = integerList(mediaNids);
  return statement(quarantine, escapeText(by), nids, nids);
}

export function releaseStatement(origin: string | undefined, mediaId: string): Statement {
  return statement(release, originColumn(origin), mediaId);
}

export function protectStatement(mediaId: string, isProtected: boolean): Statement {
  return statement(protect, isProtected ? 1 : 0, mediaId);
}

export async function findMediaNid(
  reader: Reader,
  origin: string | undefined,
  mediaId: string,
): Promise<number | undefined> {
  return (await reader.get(nidOf, originColumn(origin), mediaId))?.media_nid;
}

export async function readNidsOfUser(reader: Reader, userNid: number): Promise<number[]> {
  return (await reader.all(ofUser, userNid)).map(({ media_nid: nid }) => nid);
}

function originColumn(origin: string | undefined): string {
  return origin === undefined ? OWN : escapeText(origin);
}
