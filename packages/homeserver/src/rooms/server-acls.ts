import { compileServerAcl } from '@soma/protocol';
import type { ServerAcl } from '@soma/protocol';

import { boundedCache } from '../storage/bounded-cache.ts';
import type { InternedNames } from '../storage/names-store.ts';
import type { Reader } from '../storage/sql.ts';
import type { EventRow } from './event-store.ts';
import type { HeadEntry } from './head-entry.ts';
import { readCurrentEvent } from './read-current-event.ts';
import type { RoomHead } from './room-head.ts';
import type { RoomVersions } from './room-versions.ts';
import { toStoredEvent } from './stored-event.ts';

/** Compiled ACLs in memory; the largest is made of an event of 64 KiB. */
const ACLS_MAX = 500;

/** Who may take part in which room (SS API, "Server Access Control Lists"). */
export class ServerAcls {
  readonly #names: InternedNames;
  readonly #versions: RoomVersions;
  readonly #stored = boundedCache<string, ServerAcl>(ACLS_MAX);
  readonly #ofHeads = new WeakMap<HeadEntry, ServerAcl>();

  constructor(names: InternedNames, versions: RoomVersions) {
    this.#names = names;
    this.#versions = versions;
  }

  /** By what is committed. */
  async allows(reader: Reader, roomNid: number, serverName: string): Promise<boolean> {
    const row = await readCurrentEvent(this.#names, reader, roomNid, 'm.room.server_acl');
    if (row === undefined) return true;
    // A redaction changes what the same event says.
    const key = `${row.event_nid} ${row.flags}`;
    const acl = this.#stored.get(key) ?? (await this.#compile(reader, row));
    this.#stored.set(key, acl);
    return acl(serverName);
  }

  /** By what the room's head holds, for who is in its queue. */
  async allowsAtHead(head: RoomHead, serverName: string): Promise<boolean> {
    await head.load([['m.room.server_acl', '']]);
    const entry = head.get('m.room.server_acl', '');
    if (entry === undefined) return true;
    const acl = this.#ofHeads.get(entry) ?? compileServerAcl(entry.event.content);
    this.#ofHeads.set(entry, acl);
    return acl(serverName);
  }

  async #compile(reader: Reader, row: EventRow): Promise<ServerAcl> {
    const version = await this.#versions.of(reader, row.room_nid);
    const content = version === undefined ? {} : toStoredEvent(row, version).pdu.content;
    return compileServerAcl(content);
  }
}
