import { compileServerAcl } from '@soma/protocol';
import type { ServerAcl } from '@soma/protocol';

import type { EventRow } from '../../rooms/event-store.ts';
import { readCurrentEvent } from '../../rooms/read-current-content.ts';
import type { Rooms } from '../../rooms/rooms.ts';
import { toStoredEvent } from '../../rooms/stored-event.ts';
import { boundedCache } from '../../storage/bounded-cache.ts';
import type { Reader } from '../../storage/sql.ts';

/** Compiled ACLs in memory; the largest is made of an event of 64 KiB. */
const ACLS_MAX = 500;

/** Who may take part in which room (SS API, "Server Access Control Lists"). */
export class ServerAcls {
  readonly #rooms: Rooms;
  readonly #compiled = boundedCache<string, ServerAcl>(ACLS_MAX);

  constructor(rooms: Rooms) {
    this.#rooms = rooms;
  }

  async allows(reader: Reader, roomNid: number, serverName: string): Promise<boolean> {
    const row = await readCurrentEvent(this.#rooms, reader, roomNid, 'm.room.server_acl');
    if (row === undefined) return true;
    // A redaction changes what the same event says.
    const key = `${row.event_nid} ${row.flags}`;
    const known = this.#compiled.get(key);
    if (known !== undefined) return known(serverName);
    const acl = await this.#compile(reader, row);
    this.#compiled.set(key, acl);
    return acl(serverName);
  }

  async #compile(reader: Reader, row: EventRow): Promise<ServerAcl> {
    const version = await this.#rooms.versions.of(reader, row.room_nid);
    const content = version === undefined ? {} : toStoredEvent(row, version).pdu.content;
    return compileServerAcl(content);
  }
}
