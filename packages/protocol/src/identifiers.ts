import { isServerName } from './server-name.ts';

declare const brand: unique symbol;
type Branded<Name extends string> = string & { readonly [brand]: Name };

/** `@localpart:server`. */
export type UserId = Branded<'UserId'>;
/** `!opaque:server` up to room version 11, `!` and 43 base64 characters from version 12 on. */
export type RoomId = Branded<'RoomId'>;
/** `$opaque:server` in room versions 1 and 2, `$` and 43 base64 characters later. */
export type EventId = Branded<'EventId'>;
/** `#localpart:server`. */
export type RoomAlias = Branded<'RoomAlias'>;
/** A host name or IP literal with an optional port; compared case-sensitively. */
export type ServerName = Branded<'ServerName'>;

/**
 * The longest identifier, in UTF-8 bytes, sigil and server name included (spec: Appendices, "Identifier Grammar").
 *
 * @example
 * ```ts
 * exceedsBytes('@alice:example.org', IDENTIFIER_BYTES_MAX); // => false
 * ```
 */
export const IDENTIFIER_BYTES_MAX = 255;

const HASH_ID = /^[A-Za-z0-9_-]{43}$/;
const NEW_LOCALPART = /^[a-z0-9._=\-/+]+$/;
const COMPLIANT_LOCALPART = /^[\u0021-\u0039\u003b-\u007e]+$/;
const OPAQUE = /^[0-9A-Za-z\-._~]{1,255}$/;
const ROOM_VERSION = /^[a-z0-9.-]{1,32}$/;

/**
 * Parses a server name (spec: Appendices, "Server Name"); undefined when it breaks the grammar.
 *
 * @example
 * ```ts
 * parseServerName('example.org:8448'); // => 'example.org:8448'
 * parseServerName('[2001:db8::1]'); // => '[2001:db8::1]'
 * parseServerName('2001:db8::1'); // => undefined
 * ```
 */
export function parseServerName(value: unknown): ServerName | undefined {
  return typeof value === 'string' && isServerName(value) ? (value as ServerName) : undefined;
}

/**
 * Parses a user ID as servers must accept it from elsewhere: any code points but `:` and NUL in the localpart,
 * even none, and at most `IDENTIFIER_BYTES_MAX` bytes (spec: Appendices, "Historical User IDs"). Undefined for
 * anything else, also for what is no text.
 *
 * @example
 * ```ts
 * parseUserId('@alice:example.org'); // => '@alice:example.org'
 * parseUserId('@Älice:example.org'); // => '@Älice:example.org'
 * parseUserId('alice:example.org'); // => undefined
 * ```
 */
export function parseUserId(value: unknown): UserId | undefined {
  return isDomainId(value, '@') ? (value as UserId) : undefined;
}

/**
 * Parses a user ID by the grammar for new users: localpart of `a-z 0-9 . _ = - / +`, not empty (spec: Appendices,
 * "User Identifiers"). Undefined for anything else.
 *
 * @example
 * ```ts
 * parseNewUserId('@alice:example.org'); // => '@alice:example.org'
 * parseNewUserId('@Alice:example.org'); // => undefined
 * ```
 */
export function parseNewUserId(value: unknown): UserId | undefined {
  const userId = parseUserId(value);
  return userId !== undefined && NEW_LOCALPART.test(localpart(userId)) ? userId : undefined;
}

/**
 * Whether a user ID may be passed to clients outside of an event: its localpart is printable ASCII and not
 * empty (spec: Appendices, "Historical User IDs").
 *
 * @example
 * ```ts
 * const userId = parseUserId('@jürgen:example.org');
 * userId !== undefined && isCompliantUserId(userId); // => false
 * ```
 */
export function isCompliantUserId(userId: UserId): boolean {
  return COMPLIANT_LOCALPART.test(localpart(userId));
}

/**
 * Makes the ID of a local user; undefined when the localpart breaks the grammar for new users or is too long.
 *
 * @example
 * ```ts
 * const serverName = parseServerName('example.org');
 * if (serverName === undefined) throw new Error('no server name');
 * newUserId('alice', serverName); // => '@alice:example.org'
 * newUserId('Alice', serverName); // => undefined
 * ```
 */
export function newUserId(localpartOfUser: string, serverName: ServerName): UserId | undefined {
  return parseNewUserId(`@${localpartOfUser}:${serverName}`);
}

/**
 * Parses a room ID of any room version: with a server name up to version 11, the create event's hash from version 12
 * on (spec: Appendices, "Room IDs"). Undefined for anything else.
 *
 * @example
 * ```ts
 * parseRoomId('!room:example.org'); // => '!room:example.org'
 * parseRoomId('!37iwD-DyT01UTC3QaO2Ot9nDS1G-rmVcGz0DYMPzG6c'); // => '!37iwD-DyT01UTC3QaO2Ot9nDS1G-rmVcGz0DYMPzG6c'
 * parseRoomId('!room'); // => undefined
 * ```
 */
export function parseRoomId(value: unknown): RoomId | undefined {
  return isHashId(value, '!') || isDomainId(value, '!') ? (value as RoomId) : undefined;
}

/**
 * Parses a room alias: any code points but `:` and NUL in the localpart (spec: Appendices, "Room Aliases"). Undefined
 * for anything else.
 *
 * @example
 * ```ts
 * parseRoomAlias('#cheese & wine:example.org'); // => '#cheese & wine:example.org'
 * parseRoomAlias('#cheese'); // => undefined
 * ```
 */
export function parseRoomAlias(value: unknown): RoomAlias | undefined {
  return isDomainId(value, '#') ? (value as RoomAlias) : undefined;
}

/**
 * Parses an event ID of any room version. Event IDs are opaque, so this asks only for the sigil, the length,
 * and well-formed text without NUL; what a room version makes of it is decided where the version is known.
 *
 * @example
 * ```ts
 * parseEventId('$37iwD-DyT01UTC3QaO2Ot9nDS1G-rmVcGz0DYMPzG6c') !== undefined; // => true
 * parseEventId('$event:example.org'); // => '$event:example.org'
 * parseEventId('event'); // => undefined
 * ```
 */
export function parseEventId(value: unknown): EventId | undefined {
  if (typeof value !== 'string' || value.length < 2 || value.charCodeAt(0) !== 0x24)
    return undefined;
  return isIdentifierText(value) ? (value as EventId) : undefined;
}

/**
 * Whether a text is an opaque identifier: 1 to 255 of `0-9 A-Z a-z - . _ ~` (spec: Appendices, "Opaque Identifiers").
 *
 * @example
 * ```ts
 * isOpaqueIdentifier('m.room_1~'); // => true
 * isOpaqueIdentifier('a/b'); // => false
 * ```
 */
export function isOpaqueIdentifier(text: string): boolean {
  return OPAQUE.test(text);
}

/**
 * Whether a text has the form of a room version ID (spec: Room Versions, "Room version grammar").
 *
 * @example
 * ```ts
 * isRoomVersionId('12'); // => true
 * isRoomVersionId('Twelve'); // => false
 * ```
 */
export function isRoomVersionId(text: string): boolean {
  return ROOM_VERSION.test(text);
}

/**
 * What stands between the sigil and the server name.
 *
 * @example
 * ```ts
 * const userId = parseUserId('@alice:example.org');
 * userId !== undefined && localpart(userId); // => 'alice'
 * ```
 */
export function localpart(id: UserId | RoomAlias): string {
  return id.slice(1, id.indexOf(':'));
}

/**
 * The server that made an identifier; undefined for room IDs of version 12 and event IDs of version 3 and later.
 *
 * @example
 * ```ts
 * const userId = parseUserId('@alice:example.org:8448');
 * userId !== undefined && serverNameOf(userId); // => 'example.org:8448'
 * const roomId = parseRoomId('!37iwD-DyT01UTC3QaO2Ot9nDS1G-rmVcGz0DYMPzG6c');
 * roomId !== undefined && serverNameOf(roomId); // => undefined
 * ```
 */
export function serverNameOf(id: UserId | RoomAlias): ServerName;
export function serverNameOf(id: UserId | RoomAlias | RoomId | EventId): ServerName | undefined;
export function serverNameOf(id: string): ServerName | undefined {
  const colon = id.indexOf(':');
  return colon === -1 ? undefined : (id.slice(colon + 1) as ServerName);
}

/**
 * Whether a text is longer than `bytesMax` in UTF-8; cheap for short texts.
 *
 * @example
 * ```ts
 * exceedsBytes('né', 3); // => false
 * exceedsBytes('née', 3); // => true
 * ```
 */
export function exceedsBytes(text: string, bytesMax: number): boolean {
  if (text.length > bytesMax) return true;
  return text.length * 3 > bytesMax && utf8Length(text) > bytesMax;
}

/**
 * The length of a text in UTF-8 bytes; a lone surrogate counts as the three bytes of U+FFFD.
 *
 * @example
 * ```ts
 * utf8Length('née'); // => 4
 * ```
 */
export function utf8Length(text: string): number {
  let bytes = text.length;
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index);
    if (unit < 0x80) continue;
    if (unit < 0x800) bytes += 1;
    else if (isPair(text, index, unit)) {
      bytes += 2;
      index++;
    } else bytes += 2;
  }
  return bytes;
}

function isPair(text: string, index: number, unit: number): boolean {
  if (unit < 0xd800 || unit > 0xdbff) return false;
  const next = text.charCodeAt(index + 1);
  return next >= 0xdc00 && next <= 0xdfff;
}

function isHashId(value: unknown, sigil: string): boolean {
  return (
    typeof value === 'string' &&
    value.length === 44 &&
    value.startsWith(sigil) &&
    HASH_ID.test(value.slice(1))
  );
}

function isDomainId(value: unknown, sigil: string): boolean {
  if (typeof value !== 'string' || !value.startsWith(sigil)) return false;
  const colon = value.indexOf(':');
  return colon > 0 && isIdentifierText(value) && isServerName(value.slice(colon + 1));
}

function isIdentifierText(text: string): boolean {
  return !exceedsBytes(text, IDENTIFIER_BYTES_MAX) && !text.includes('\0') && text.isWellFormed();
}
