import { parseRoomAlias, serverNameOf } from '@soma/protocol';
import type { RoomAlias } from '@soma/protocol';

import { invalidParam } from '../errors/matrix-error.ts';

/** An alias that a client gives. Throws `400 M_INVALID_PARAM`. */
export function parseAlias(text: string): RoomAlias {
  return parseRoomAlias(text) ?? refuse(text);
}

/** An alias that this server could make: the grammar allows spaces, but nobody could type such a name. */
export function parseOwnAlias(text: string, serverName: string): RoomAlias {
  const alias = parseAlias(text);
  if (serverNameOf(alias) !== serverName) {
    throw invalidParam(`${text} is an alias of another server`);
  }
  return /\s/u.test(text) || alias.startsWith('#:') ? refuse(text) : alias;
}

function refuse(text: string): never {
  throw invalidParam(`${text} is not a room alias`);
}
