import type { Guard } from '../../storage/change.ts';
import { escapeText } from '../../storage/escape-text.ts';
import { query, statement } from '../../storage/sql.ts';
import type { Reader, SqlParam, Statement } from '../../storage/sql.ts';
import type { EventRelation } from '../prepared-event.ts';

/** How many relationships lie between an event and what is found from it (CS API, `recurse`). */
export const RECURSION_DEPTH = 3;

const insertRelation = query(
  `insert into relations (parent_nid, child_nid, relation_type, relation_key, child_order,
     sender_nid, type_nid, ts, replacement_id)
   values (?, ?, ?, ?, ?, ?, ?, ?, ?) on conflict do nothing`,
);
const insertGrandchildren = query(
  `insert into indirect_relations (ancestor_nid, child_nid, distance, relation_type, child_order, type_nid)
   select parent_nid, cast(? as bigint), 2, cast(? as text), cast(? as bigint), cast(? as bigint)
   from relations where child_nid = ? on conflict do nothing`,
);
const insertDescendants = query(
  `insert into indirect_relations (ancestor_nid, child_nid, distance, relation_type, child_order, type_nid)
   select ancestor_nid, cast(? as bigint), distance + 1, cast(? as text), cast(? as bigint), cast(? as bigint)
   from indirect_relations where child_nid = ? and distance < ${RECURSION_DEPTH} on conflict do nothing`,
);
const countReply = query(
  `insert into threads (root_nid, room_nid, latest_order, reply_count) values (?, ?, ?, 1)
   on conflict (root_nid) do update
     set latest_order = case when excluded.latest_order > threads.latest_order
         then excluded.latest_order else threads.latest_order end, reply_count = threads.reply_count + 1`,
);
const insertParticipant = query(
  `insert into thread_participants (room_nid, user_nid, root_nid) values (?, ?, ?)
   on conflict do nothing`,
);
const rootOf = `(select parent_nid from relations where child_nid = ? and relation_type = 'm.thread')`;
const uncountReply = query(
  `update threads set reply_count = reply_count - 1, latest_order = coalesce(
     (select max(r.child_order) from relations r
      where r.parent_nid = root_nid and r.relation_type = 'm.thread' and r.child_nid <> ?), 0)
   where root_nid = ${rootOf}`,
);
const deleteParticipant = query(
  `delete from thread_participants where room_nid = ? and user_nid = ? and root_nid = ${rootOf}
   and not exists (select 1 from relations r where r.parent_nid = root_nid
     and r.relation_type = 'm.thread' and r.sender_nid = user_nid and r.child_nid <> ?)
   and not exists (select 1 from events e where e.event_nid = root_nid and e.sender_nid = user_nid)`,
);
const deleteEmptyThread = query(
  `delete from threads where root_nid = ${rootOf} and reply_count <= 0`,
);
const descendantsOf = `(select child_nid from relations where parent_nid = ?
  union select child_nid from indirect_relations where ancestor_nid = ?)`;
const ancestorsOf = `(select parent_nid from relations where child_nid = ?
  union select ancestor_nid from indirect_relations where child_nid = ?)`;
const deleteThrough = query(
  `delete from indirect_relations where child_nid in ${descendantsOf} and ancestor_nid in ${ancestorsOf}`,
);
const deleteIndirect = query('delete from indirect_relations where child_nid = ?');
const deleteRelation = query('delete from relations where child_nid = ?');

interface ParentRow {
  readonly room_nid: number;
  readonly sender_nid: number;
  readonly type_nid: number;
  readonly state_key_nid: number | null;
  readonly relation_type: string | null;
}

const parent = query<ParentRow>(
  `select e.room_nid, e.sender_nid, e.type_nid, e.state_key_nid,
     (select r.relation_type from relations r where r.child_nid = e.event_nid limit 1) as relation_type
   from events e where e.event_nid = ?`,
);
const sameAnnotation = query(
  `select child_nid from relations where parent_nid = ? and relation_type = 'm.annotation'
     and sender_nid = ? and type_nid = ? and relation_key = ? limit 1`,
);

/** The event that another one relates to. */
export interface RelationParent {
  readonly roomNid: number;
  readonly senderNid: number;
  readonly typeNid: number;
  readonly isState: boolean;
  /** The type of the relationship that it has itself. */
  readonly relationType: string | undefined;
}

/** A child event at its place. */
export interface NewRelation {
  readonly relation: EventRelation;
  readonly eventNid: number;
  readonly order: SqlParam;
  readonly senderNid: number;
  readonly typeNid: number;
  readonly originServerTs: number;
  /** The event's ID, where it is a valid replacement of its parent. */
  readonly replacementId: string | null;
}

export async function readRelationParent(
  reader: Reader,
  eventNid: number,
): Promise<RelationParent | undefined> {
  const row = await reader.get(parent, eventNid);
  if (row === undefined) return undefined;
  return {
    roomNid: row.room_nid,
    senderNid: row.sender_nid,
    typeNid: row.type_nid,
    isState: row.state_key_nid !== null,
    relationType: row.relation_type ?? undefined,
  };
}

export function insertRelationStatements(
  child: NewRelation,
  parentHasRelation: boolean,
): Statement[] {
  const { relation, eventNid, order, senderNid, typeNid } = child;
  const { parentNid, key } = relation;
  const type = escapeText(relation.type);
  const direct = statement(
    insertRelation,
    parentNid,
    eventNid,
    type,
    key === null ? null : escapeText(key),
    order,
    senderNid,
    typeNid,
    child.originServerTs,
    child.replacementId,
  );
  if (!parentHasRelation) return [direct];
  const indirect = [eventNid, type, order, typeNid, parentNid] as const;
  return [
    direct,
    statement(insertGrandchildren, ...indirect),
    statement(insertDescendants, ...indirect),
  ];
}

/** Counts one more event of a thread. */
export function countReplyStatements(
  roomNid: number,
  rootNid: number,
  rootSenderNid: number,
  senderNid: number,
  order: SqlParam,
): Statement[] {
  return [
    statement(countReply, rootNid, roomNid, order),
    statement(insertParticipant, roomNid, rootSenderNid, rootNid),
    statement(insertParticipant, roomNid, senderNid, rootNid),
  ];
}

/** A redacted event relates to nothing any more; what relates to it stays. */
export function deleteRelationStatements(
  roomNid: number,
  eventNid: number,
  senderNid: number,
): Statement[] {
  return [
    statement(uncountReply, eventNid, eventNid),
    statement(deleteParticipant, roomNid, senderNid, eventNid, eventNid),
    statement(deleteEmptyThread, eventNid),
    statement(deleteThrough, eventNid, eventNid, eventNid, eventNid),
    statement(deleteIndirect, eventNid),
    statement(deleteRelation, eventNid),
  ];
}

/** An annotation as far as a second one may not be the same. */
export interface Annotation {
  readonly parentNid: number;
  readonly senderNid: number;
  readonly typeNid: number;
  readonly key: string;
}

function sameAnnotationStatement({ parentNid, senderNid, typeNid, key }: Annotation) {
  return [parentNid, senderNid, typeNid, escapeText(key)] as const;
}

export async function hasAnnotation(reader: Reader, annotation: Annotation): Promise<boolean> {
  return (await reader.get(sameAnnotation, ...sameAnnotationStatement(annotation))) !== undefined;
}

/** Holds unless the annotation is there already. */
export function newAnnotationGuard(name: string, annotation: Annotation): Guard {
  const check = statement(sameAnnotation, ...sameAnnotationStatement(annotation));
  return { name, expect: 'absent', check };
}
