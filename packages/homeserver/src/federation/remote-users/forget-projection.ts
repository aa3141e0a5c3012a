import { parseUserId, serverNameOf } from '@soma/protocol';

import type { PreparedEvent } from '../../rooms/prepared-event.ts';
import type { Projection } from '../../rooms/projection.ts';
import type {
  ProjectedEvent,
  ProjectionOutput,
  RoomProjection,
} from '../../rooms/room-projection.ts';
import type { StateChange } from '../../rooms/state-change.ts';
import type { Names } from '../../storage/names-store.ts';
import { forgetUnsharedOfRoomStatements, forgetUnsharedStatements } from './remote-device-store.ts';

/**
 * Forgets devices of users of other servers with the last room that they share with ours: from then on their servers
 * tell nothing of changes. It stands after the projection of memberships.
 */
export class ForgetDevicesProjection implements Projection {
  readonly #users: Names;
  readonly #serverName: string;

  constructor(users: Names, serverName: string) {
    this.#users = users;
    this.#serverName = serverName;
  }

  async open(): Promise<RoomProjection> {
    return new RoomForgetting(this.#users, this.#serverName);
  }
}

class RoomForgetting implements RoomProjection {
  readonly #users: Names;
  readonly #serverName: string;
  /** The users of other servers who leave by the event in preparation. */
  #remoteNids: readonly number[] = [];

  constructor(users: Names, serverName: string) {
    this.#users = users;
    this.#serverName = serverName;
  }

  prepare(_event: PreparedEvent, stateChanges: readonly StateChange[]): Promise<void> | undefined {
    this.#remoteNids = [];
    const remote = stateChanges.filter(isLeave).filter(({ stateKey }) => !this.#isLocal(stateKey));
    return remote.length === 0 ? undefined : this.#find(remote);
  }

  project({ event, stateChanges }: ProjectedEvent, output: ProjectionOutput): void {
    if (stateChanges.some((change) => isLeave(change) && this.#isLocal(change.stateKey))) {
      output.statements.push(...forgetUnsharedOfRoomStatements(event.roomNid));
    }
    for (const userNid of this.#remoteNids) {
      output.statements.push(...forgetUnsharedStatements(userNid));
    }
  }

  #isLocal(text: string | undefined): boolean {
    const userId = parseUserId(text);
    return userId !== undefined && serverNameOf(userId) === this.#serverName;
  }

  async #find(changes: readonly StateChange[]): Promise<void> {
    const found: number[] = [];
    for (const { stateKey } of changes) {
      const userNid = await this.#users.find(stateKey);
      if (userNid !== undefined) found.push(userNid);
    }
    this.#remoteNids = found;
  }
}

/** Whether somebody is in the room no longer. */
function isLeave({ type, before, after }: StateChange): boolean {
  return (
    type === 'm.room.member' &&
    before?.event.content['membership'] === 'join' &&
    after?.event.content['membership'] !== 'join'
  );
}
