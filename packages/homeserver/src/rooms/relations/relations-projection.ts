import { isJsonObject } from '@soma/protocol';
import type { Pdu } from '@soma/protocol';

import type { Reader } from '../../storage/sql.ts';
import type { EventRow } from '../event-store.ts';
import type { PreparedEvent } from '../prepared-event.ts';
import type { Projection } from '../projection.ts';
import type { RoomHead } from '../room-head.ts';
import type { PastEvent, ProjectionOutput, RoomProjection } from '../room-projection.ts';
import {
  countReplyStatements,
  deleteRelationStatements,
  insertRelationStatements,
  readRelationParent,
} from './relation-store.ts';
import type { RelationParent } from './relation-store.ts';

/** Follows which events relate to which (CS API, "Relationship types"). */
export class RelationsProjection implements Projection {
  async open(reader: Reader, head: RoomHead): Promise<RoomProjection> {
    return new RoomRelations(reader, head.roomNid);
  }

  withdraw(event: EventRow, { statements }: ProjectionOutput): void {
    if (!relatesToSomething(event)) return;
    statements.push(...deleteRelationStatements(event.room_nid, event.event_nid, event.sender_nid));
  }
}

class RoomRelations implements RoomProjection {
  readonly #reader: Reader;
  readonly #roomNid: number;
  /** Of the event in preparation. */
  #parent: RelationParent | undefined;

  constructor(reader: Reader, roomNid: number) {
    this.#reader = reader;
    this.#roomNid = roomNid;
  }

  prepare({ relation }: PreparedEvent): Promise<void> | undefined {
    this.#parent = undefined;
    return relation === undefined ? undefined : this.#load(relation.parentNid);
  }

  project(projected: PastEvent, output: ProjectionOutput): void {
    this.projectPast(projected, output);
  }

  projectPast({ event, order, redacts }: PastEvent, output: ProjectionOutput): void {
    if (redacts !== undefined && relatesToSomething(redacts)) {
      output.statements.push(
        ...deleteRelationStatements(this.#roomNid, redacts.event_nid, redacts.sender_nid),
      );
    }
    const { relation, eventNid, senderNid, typeNid } = event;
    const parent = this.#parent;
    if (relation === undefined || parent === undefined) return;
    const { origin_server_ts: originServerTs } = event.built.pdu;
    const replacementId = isReplacement(event, parent) ? event.built.eventId : null;
    output.statements.push(
      ...insertRelationStatements(
        { relation, eventNid, order, senderNid, typeNid, originServerTs, replacementId },
        parent.relationType !== undefined,
      ),
    );
    if (relation.type !== 'm.thread') return;
    const { parentNid: rootNid } = relation;
    output.statements.push(
      ...countReplyStatements(this.#roomNid, rootNid, parent.senderNid, senderNid, order),
    );
  }

  async #load(parentNid: number): Promise<void> {
    const parent = await readRelationParent(this.#reader, parentNid);
    // Relationships hold within a room.
    if (parent?.roomNid === this.#roomNid) this.#parent = parent;
  }
}

function relatesToSomething({ json }: EventRow): boolean {
  const { content }: Pdu = JSON.parse(json);
  return isJsonObject(content['m.relates_to']);
}

/**
 * CS API, "Validity of replacement events". What an encrypted event holds only its readers can check.
 */
function isReplacement(event: PreparedEvent, parent: RelationParent): boolean {
  const { type, content } = event.built.pdu;
  return (
    event.relation?.type === 'm.replace' &&
    event.senderNid === parent.senderNid &&
    event.typeNid === parent.typeNid &&
    event.stateKeyNid === null &&
    !parent.isState &&
    parent.relationType !== 'm.replace' &&
    (type === 'm.room.encrypted' || isJsonObject(content['m.new_content']))
  );
}
