import { parseUserId, serverNameOf } from '@soma/protocol';

import type { PreparedEvent } from '../../rooms/prepared-event.ts';
import type { Projection } from '../../rooms/projection.ts';
import type {
  ProjectedEvent,
  ProjectionOutput,
  RoomProjection,
} from '../../rooms/room-projection.ts';
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
  /** The user of another server whom the event in preparation is about. */
  #remoteNid: number | undefined;

  constructor(users: Names, serverName: string) {
    this.#users = users;
    this.#serverName = serverName;
  }

  prepare({ built: { pdu } }: PreparedEvent): Promise<void> | undefined {
    this.#remoteNid = undefined;
    if (pdu.type !== 'm.room.member' || this.#isLocal(pdu.state_key)) return undefined;
    return this.#find(pdu.state_key ?? '');
  }

  project({ event, replaces }: ProjectedEvent, output: ProjectionOutput): void {
    const { type, state_key: userId, content } = event.built.pdu;
    if (type !== 'm.room.member' || content['membership'] === 'join') return;
    if (replaces?.event.content['membership'] !== 'join') return;
    if (this.#isLocal(userId)) {
      output.statements.push(...forgetUnsharedOfRoomStatements(event.roomNid));
    } else if (this.#remoteNid !== undefined) {
      output.statements.push(...forgetUnsharedStatements(this.#remoteNid));
    }
  }

  #isLocal(text: string | undefined): boolean {
    const userId = parseUserId(text);
    return userId !== undefined && serverNameOf(userId) === this.#serverName;
  }

  async #find(userId: string): Promise<void> {
    this.#remoteNid = await this.#users.find(userId);
  }
}
