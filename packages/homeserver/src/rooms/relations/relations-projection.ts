import { isJsonObject } from '@soma/protocol';
import type { Pdu } from '@soma/protocol';

import type { Reader, SqlParam } from '../../storage/sql.ts';
import type { EventRow } from '../event-store.ts';
import type { EventRelation, PreparedEvent } from '../prepared-event.ts';
import type { Projection } from '../projection.ts';
import type { RoomHead } from '../room-head.ts';
import type { PastEvent, ProjectionOutput, RoomProjection } from '../room-projection.ts';
import { relationIn } from './relation-of.ts';
import {
  countReplyStatements,
  deleteRelationStatements,
  insertRelationStatements,
  readRelationParent,
} from './relation-store.ts';
import type { RelationParent } from './relation-store.ts';
import {
  endWaitingStatement,
  readWaitingChildren,
  relateThroughStatement,
  stopWaitingStatement,
  waitForParentStatement,
} from './waiting-relation-store.ts';

/** Follows which events relate to which (CS API, "Relationship types"). */
export class RelationsProjection implements Projection {
  async open(reader: Reader, head: RoomHead): Promise<RoomProjection> {
    return new RoomRelations(reader, head.roomNid);
  }

  withdraw(event: EventRow, output: ProjectionOutput): void {
    endRelation(event, output);
  }
}

/** An event that relates to another one. */
interface Child {
  readonly relation: EventRelation;
  readonly eventNid: number;
  readonly eventId: string;
  readonly order: SqlParam;
  readonly stateKeyNid: number | null;
  readonly senderNid: number;
  readonly typeNid: number;
  readonly pdu: Pick<Pdu, 'type' | 'content' | 'origin_server_ts'>;
}

class RoomRelations implements RoomProjection {
  readonly #reader: Reader;
  readonly #roomNid: number;
  /** Of the event in preparation. */
  #parent: RelationParent | undefined;
  #isParentMissing = false;
  /** What came before it and relates to it. */
  #children: readonly Child[] = [];

  constructor(reader: Reader, roomNid: number) {
    this.#reader = reader;
    this.#roomNid = roomNid;
  }

  prepare(event: PreparedEvent): Promise<void> | undefined {
    this.#parent = undefined;
    this.#isParentMissing = false;
    this.#children = [];
    return event.relation === undefined && event.isAwaited !== true ? undefined : this.#load(event);
  }

  project(projected: PastEvent, output: ProjectionOutput): void {
    this.projectPast(projected, output);
  }

  projectPast({ event, order, redacts }: PastEvent, output: ProjectionOutput): void {
    if (redacts !== undefined) endRelation(redacts, output);
    const { relation, eventNid, senderNid, typeNid } = event;
    if (relation !== undefined && this.#parent !== undefined) {
      const { eventId, pdu } = event.built;
      this.#relate({ ...event, relation, eventId, pdu, order }, this.#parent, output);
    }
    if (relation !== undefined && this.#isParentMissing) {
      output.statements.push(waitForParentStatement(relation.parentNid, eventNid));
    }
    if (this.#children.length === 0) return;
    const isState = event.stateKeyNid !== null;
    const relationType = this.#parent === undefined ? undefined : relation?.type;
    const parent = { roomNid: this.#roomNid, senderNid, typeNid, isState, relationType };
    for (const child of this.#children) {
      this.#relate(child, parent, output);
      output.statements.push(relateThroughStatement(child.eventNid));
    }
    output.statements.push(endWaitingStatement(eventNid));
  }

  #relate(child: Child, parent: RelationParent, { statements }: ProjectionOutput): void {
    const { relation, eventNid, order, senderNid, typeNid } = child;
    const originServerTs = child.pdu.origin_server_ts;
    const replacementId = isReplacement(child, parent) ? child.eventId : null;
    const row = { relation, eventNid, order, senderNid, typeNid, originServerTs, replacementId };
    statements.push(...insertRelationStatements(row, parent.relationType !== undefined));
    if (relation.type !== 'm.thread') return;
    const { parentNid: rootNid } = relation;
    statements.push(
      ...countReplyStatements(this.#roomNid, rootNid, parent.senderNid, senderNid, order),
    );
  }

  async #load({ relation, eventNid, isAwaited = false }: PreparedEvent): Promise<void> {
    if (relation !== undefined) {
      const parent = await readRelationParent(this.#reader, relation.parentNid);
      this.#isParentMissing = parent === undefined;
      // Relationships hold within a room.
      if (parent?.roomNid === this.#roomNid) this.#parent = parent;
    }
    if (isAwaited) this.#children = await this.#readChildren(eventNid);
  }

  async #readChildren(parentNid: number): Promise<Child[]> {
    const rows = await readWaitingChildren(this.#reader, parentNid, this.#roomNid);
    return rows.flatMap((row) => {
      const pdu: Pdu = JSON.parse(row.json);
      const relates = relationIn(pdu.content);
      if (relates === undefined) return [];
      const { type, key } = relates;
      return {
        relation: { parentNid, type, key },
        eventNid: row.event_nid,
        eventId: row.event_id,
        order: row.event_order,
        stateKeyNid: row.state_key_nid,
        senderNid: row.sender_nid,
        typeNid: row.type_nid,
        pdu,
      };
    });
  }
}

/** What the event related to, it relates to no longer. */
function endRelation(event: EventRow, { statements }: ProjectionOutput): void {
  if (!relatesToSomething(event)) return;
  statements.push(
    ...deleteRelationStatements(event.room_nid, event.event_nid, event.sender_nid),
    stopWaitingStatement(event.event_nid),
  );
}

function relatesToSomething({ json }: EventRow): boolean {
  const { content }: Pdu = JSON.parse(json);
  return isJsonObject(content['m.relates_to']);
}

/**
 * CS API, "Validity of replacement events". What an encrypted event holds only its readers can check.
 */
function isReplacement(
  { relation, senderNid, typeNid, stateKeyNid, pdu }: Child,
  parent: RelationParent,
): boolean {
  return (
    relation.type === 'm.replace' &&
    senderNid === parent.senderNid &&
    typeNid === parent.typeNid &&
    stateKeyNid === null &&
    !parent.isState &&
    parent.relationType !== 'm.replace' &&
    (pdu.type === 'm.room.encrypted' || isJsonObject(pdu.content['m.new_content']))
  );
}
