import { Type } from 'typebox';

import { eduType, userOf } from './edu-type.ts';
import { memberOfEdu, roomOfEdu } from './room-of-edu.ts';

/** SS API, "Typing Notifications". */
export const typingEdu = eduType({
  name: 'm.typing',
  isDurable: false,
  schema: Type.Object({
    room_id: Type.String(),
    user_id: Type.String(),
    typing: Type.Boolean(),
  }),
  async receive(origin, contents, { ephemeral }) {
    for (const { room_id: roomId, user_id: text, typing } of contents) {
      const userId = userOf(origin, text);
      const roomNid = await roomOfEdu(ephemeral, origin, roomId);
      if (userId === undefined || roomNid === undefined) continue;
      if ((await memberOfEdu(ephemeral, userId, roomNid)) === undefined) continue;
      if (typing) ephemeral.typing.start(roomNid, userId);
      else ephemeral.typing.stop(roomNid, userId);
    }
  },
});
