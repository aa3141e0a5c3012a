import type { JsonObject, JsonValue } from './canonical-json.ts';
import { globMatches, parseGlob } from './glob.ts';
import type { Glob } from './glob.ts';
import { hostOf, isIpLiteral } from './server-name.ts';

/** Says whether a server may take part in a room. */
export type ServerAcl = (serverName: string) => boolean;

/**
 * Compiles a room's server ACL (spec: Client-Server API, `m.room.server_acl`). Ports are not looked at, and globs
 * are case-insensitive. Entries that are no strings are ignored; an `allow` that is no list allows nobody.
 *
 * @param content the content of `m.room.server_acl`, undefined when the room has none: then all are allowed
 * @example
 * ```ts
 * const isAllowed = compileServerAcl({ allow: ['*'], deny: ['*.evil.example'], allow_ip_literals: false });
 * isAllowed('example.org:8448'); // => true
 * isAllowed('matrix.EVIL.example'); // => false
 * isAllowed('192.0.2.1'); // => false
 * compileServerAcl({})('example.org'); // => false
 * ```
 */
export function compileServerAcl(content: JsonObject | undefined): ServerAcl {
  if (content === undefined) return () => true;
  const deniesIpLiterals = content['allow_ip_literals'] === false;
  const deny = globsOf(content['deny']);
  const allow = globsOf(content['allow']);
  return (serverName) => {
    if (deniesIpLiterals && isIpLiteral(serverName)) return false;
    const host = hostOf(serverName).toLowerCase();
    const isListed = (globs: readonly Glob[]) => globs.some((glob) => globMatches(glob, host));
    return !isListed(deny) && isListed(allow);
  };
}

function globsOf(value: JsonValue | undefined): Glob[] {
  const patterns = Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [];
  return patterns.map((pattern) => parseGlob(pattern.toLowerCase()));
}
