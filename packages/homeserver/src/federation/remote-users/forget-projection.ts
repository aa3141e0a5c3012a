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
  /** Users of other servers who cease to be joined by the event in preparation. */
  #remoteNids: readonly number[] = [];

  constructor(users: Names, serverName: string) {
    this.#users = users;
    this.#serverName = serverName;
  }

  prepare(_event: PreparedEvent, stateChanges: readonly StateChange[]): Promise<void> | undefined {
    this.#remoteNids = [];
    const departed = stateChanges.filter(isDeparture).map(({ stateKey }) => stateKey);
    const remote = departed.filter((userId) => !this.#isLocal(userId));
    return remote.length === 0 ? undefined : this.#find(remote);
  }

  project({ event, stateChanges }: ProjectedEvent, output: ProjectionOutput): void {
    if (stateChanges.some((change) => isDeparture(change) && this.#isLocal(change.stateKey))) {
      output.statements.push(...forgetUnsharedOfRoomStatements(event.roomNid));
    }
    for (const nid of this.#remoteNids) output.statements.push(...forgetUnsharedStatements(nid));
  }

  #isLocal(text: string): boolean {
    const userId = parseUserId(text);
    return userId !== undefined && serverNameOf(userId) === this.#serverName;
  }

  async #find(userIds: readonly string[]): Promise<void> {
    const nids: number[] = [];
    for (const userId of userIds) {
      const nid = await this.#users.find(userId);
      if (nid !== undefined) nids.push(nid);
    }
    this.#remoteNids = nids;
  }
}

/** Whether somebody was joined before a change, and is not after it. */
function isDeparture({ type, before, after }: StateChange): boolean {
  if (type !== 'm.room.member' || before?.event.content['membership'] !== 'join') return false;
  return after?.event.content['membership'] !== 'join';
}
