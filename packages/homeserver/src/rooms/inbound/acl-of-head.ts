import { compileServerAcl } from '@soma/protocol';
import type { ServerAcl } from '@soma/protocol';

import type { HeadEntry } from '../head-entry.ts';
import type { RoomHead } from '../room-head.ts';

const acls = new WeakMap<HeadEntry, ServerAcl>();

/** Which servers the room's current ACL lets in. */
export async function aclOf(head: RoomHead): Promise<ServerAcl> {
  await head.load([['m.room.server_acl', '']]);
  const entry = head.get('m.room.server_acl', '');
  if (entry === undefined) return () => true;
  const acl = acls.get(entry) ?? compileServerAcl(entry.event.content);
  acls.set(entry, acl);
  return acl;
}
