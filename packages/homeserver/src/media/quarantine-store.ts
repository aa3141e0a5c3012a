import { escapeText, unescapeText } from '../storage/escape-text.ts';
import { integerList, POSITION, query, statement } from '../storage/sql.ts';
import type { Reader, Statement } from '../storage/sql.ts';
import { OWN } from './media-store.ts';

interface QuarantineChangeRow {
  readonly origin: string;
  readonly media_id: string;
  readonly quarantined: number;
}

const toQuarantine = `quarantined_by is null and safe_from_quarantine = 0 and sha256 is not null and (
  media_nid {in} or sha256 in (
    select o.sha256 from media o where o.media_nid {in} and o.safe_from_quarantine = 0
  )
)`;
const toRelease = `quarantined_by is not null and sha256 in (
  select o.sha256 from media o where o.origin = ? and o.media_id = ?
)`;
const note = (quarantined: number, which: string): string =>
  `insert into media_quarantine_changes (position, media_nid, origin, media_id, quarantined)
   select cast(? as bigint), media_nid, origin, media_id, ${quarantined} from media where ${which}`;
const noteQuarantine = query(note(1, toQuarantine));
const quarantine = query(
  `update media set quarantined_by = ? where ${toQuarantine} returning media_nid`,
);
const noteRelease = query(note(0, toRelease));
const release = query(`update media set quarantined_by = null where ${toRelease}`);
const changesAfter = query<{ position: number }>(
  'select position from media_quarantine_changes where position > ? order by position limit ?',
);
const changesUpTo = query<QuarantineChangeRow>(
  `select origin, media_id, quarantined from media_quarantine_changes
   where position > ? and position <= ? order by position, media_nid`,
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

/** Also what has the same bytes. The second gives a row for each that changes; they take one position. */
export function quarantineStatements(mediaNids: readonly number[], by: string): Statement[] {
  const nids = integerList(mediaNids);
  return [
    statement(noteQuarantine, POSITION, nids, nids),
    statement(quarantine, escapeText(by), nids, nids),
  ];
}

/** They take one position. */
export function releaseStatements(origin: string | undefined, mediaId: string): Statement[] {
  const name = [originColumn(origin), mediaId] as const;
  return [statement(noteRelease, POSITION, ...name), statement(release, ...name)];
}

/** Media that went into quarantine or came out of it. */
export interface QuarantineChange {
  /** Undefined for this server's own. */
  readonly origin: string | undefined;
  readonly mediaId: string;
  readonly isQuarantined: boolean;
}

/** About so many changes after a position, whole commits of them, and the position of the last. */
export async function readQuarantineChanges(
  reader: Reader,
  after: number,
  limit: number,
): Promise<{ changes: QuarantineChange[]; position: number }> {
  const positions = await reader.all(changesAfter, after, limit);
  const position = positions.at(-1)?.position ?? after;
  const rows = await reader.all(changesUpTo, after, position);
  const changes = rows.map(({ origin, media_id: mediaId, quarantined }) => ({
    origin: origin === OWN ? undefined : unescapeText(origin),
    mediaId,
    isQuarantined: quarantined === 1,
  }));
  return { changes, position };
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
