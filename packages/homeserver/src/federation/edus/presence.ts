import { Type } from 'typebox';
import type { Static } from 'typebox';

import { statusMessageLengthMax } from '../../ephemeral/limits.ts';
import { readSharedUsers } from '../remote-users/remote-device-store.ts';
import { eduType, guardOf, userOf } from './edu-type.ts';
import { presencesPerEduMax } from './limits.ts';

const State = Type.Union([
  Type.Literal('online'),
  Type.Literal('unavailable'),
  Type.Literal('offline'),
]);

const Told = Type.Object({
  user_id: Type.String(),
  presence: State,
  status_msg: Type.Optional(Type.Union([Type.String(), Type.Null()])),
  last_active_ago: Type.Optional(Type.Union([Type.Integer({ minimum: 0 }), Type.Null()])),
  currently_active: Type.Optional(Type.Union([Type.Boolean(), Type.Null()])),
});
const isTold = guardOf(Told);

/**
 * SS API, "Presence". One EDU tells of many users: who is in a state that the specification does not know (as
 * `org.matrix.msc3026.busy`, of Synapse) does not take the others with them.
 */
export const presenceEdu = eduType({
  name: 'm.presence',
  isDurable: false,
  schema: Type.Object({ push: Type.Array(Type.Unknown()) }),
  async receive(origin, contents, { presence, lists: { database, names, now } }) {
    if (presence === undefined) return;
    for (const { push } of contents) {
      const told = new Map<number, Static<typeof Told>>();
      for (const each of push.slice(0, presencesPerEduMax).filter((one) => isTold(one))) {
        const userId = userOf(origin, each.user_id);
        const userNid = userId === undefined ? undefined : await names.users.find(userId);
        if (userNid !== undefined) told.set(userNid, each);
      }
      for (const userNid of await readSharedUsers(database.reader, [...told.keys()])) {
        const each = told.get(userNid);
        if (each === undefined) continue;
        const ago = each.last_active_ago ?? undefined;
        presence.receive(userNid, {
          presence: each.presence,
          lastActiveTs: ago === undefined ? undefined : now() - ago,
          isCurrentlyActive: each.currently_active ?? false,
          statusMessage: each.status_msg?.slice(0, statusMessageLengthMax),
        });
      }
    }
  },
});
