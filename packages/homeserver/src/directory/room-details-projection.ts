import type { JsonObject } from '@soma/protocol';

import type { ImportedState, ProjectImport } from '../rooms/imported-state.ts';
import type { Projection } from '../rooms/projection.ts';
import type { RoomHead } from '../rooms/room-head.ts';
import type { ProjectedEvent, ProjectionOutput, RoomProjection } from '../rooms/room-projection.ts';
import type { Reader } from '../storage/sql.ts';
import { putRoomDetailsStatement, readRoomDetails } from './room-details-store.ts';
import { DETAIL_TYPES, detailsAfter, detailsOfState } from './room-details.ts';
import type { RoomDetails } from './room-details.ts';

/** Keeps what the directory shows of a room in step with the room's state. */
export class RoomDetailsProjection implements Projection {
  async open(reader: Reader, head: RoomHead): Promise<RoomProjection> {
    const stored = await readRoomDetails(reader, head.roomNid);
    return new DetailsOfRoom(stored ?? (await readFromHead(head)));
  }

  async import(imported: ImportedState): Promise<ProjectImport> {
    const details = detailsOfState((type) => imported.get(type, '')?.event.content);
    return (_position, { statements }) => {
      statements.push(putRoomDetailsStatement(imported.roomNid, details));
    };
  }
}

/** For a room from before there were details; a new room has no state yet. */
async function readFromHead(head: RoomHead): Promise<RoomDetails> {
  await head.load(DETAIL_TYPES.map((type) => [type, ''] as const));
  return detailsOfState((type) => head.get(type, '')?.event.content);
}

class DetailsOfRoom implements RoomProjection {
  #details: RoomDetails;

  constructor(details: RoomDetails) {
    this.#details = details;
  }

  prepare(): undefined {
    return undefined;
  }

  project({ event, stateChanges, redactedState }: ProjectedEvent, output: ProjectionOutput): void {
    for (const { type, stateKey, after } of stateChanges) {
      if (stateKey === '') this.#take(event.roomNid, type, after?.event.content ?? {}, output);
    }
    if (redactedState?.event.state_key === '') {
      const { event: redacted } = redactedState;
      this.#take(event.roomNid, redacted.type, redacted.content, output);
    }
  }

  #take(roomNid: number, type: string, content: JsonObject, output: ProjectionOutput): void {
    const next = detailsAfter(this.#details, type, content);
    if (next === undefined) return;
    this.#details = next;
    output.statements.push(putRoomDetailsStatement(roomNid, next));
  }
}
