import type { ImportedState, ProjectImport } from '../../rooms/imported-state.ts';
import type { Projection } from '../../rooms/projection.ts';
import type {
  ProjectedEvent,
  ProjectionOutput,
  RoomProjection,
} from '../../rooms/room-projection.ts';
import type { StateChange } from '../../rooms/state-change.ts';
import { bumpStatement, encryptedStatement } from './room-listing-store.ts';

/** What people take for something new in a room, as Synapse has it; the migration that made the table names them too. */
const BUMP_TYPES: ReadonlySet<string> = new Set([
  'm.beacon_info',
  'm.call.invite',
  'm.poll.start',
  'm.room.create',
  'm.room.encrypted',
  'm.room.message',
  'm.sticker',
]);

/** Keeps what orders and filters the rooms of users (MSC4186) in step with the rooms. */
export class RoomListingProjection implements Projection {
  async open(): Promise<RoomProjection> {
    return listingOfRoom;
  }

  async import({ roomNid, get, joined }: ImportedState): Promise<ProjectImport> {
    const isEncrypted = get('m.room.encryption', '') !== undefined;
    return (position, { statements }) => {
      if (joined !== undefined) statements.push(bumpStatement(roomNid, position));
      if (isEncrypted) statements.push(encryptedStatement(roomNid));
    };
  }
}

/** It remembers nothing of a room. */
const listingOfRoom: RoomProjection = {
  prepare: () => undefined,
  project({ event, order, stateChanges }: ProjectedEvent, output: ProjectionOutput): void {
    if (BUMP_TYPES.has(event.built.pdu.type)) {
      output.statements.push(bumpStatement(event.roomNid, order));
    }
    // A room that was encrypted once remains so (CS API, "m.room.encryption").
    if (stateChanges.some(isEncryption)) {
      output.statements.push(encryptedStatement(event.roomNid));
    }
  },
};

function isEncryption({ type, stateKey, after }: StateChange): boolean {
  return type === 'm.room.encryption' && stateKey === '' && after !== undefined;
}
