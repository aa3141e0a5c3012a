/**
 * Operations that a homeserver must serve and Soma does not yet, by method and path. `npm run check` wants the list
 * to be exact: what is served by now must go from it.
 */
export const knownMissing: readonly string[] = [];

/**
 * Operations of features that a homeserver may do without, whose answer without them the specification fixes; by method and
 * path, with that answer. `npm run check` wants tests that request them.
 */
export const answeredWithout: ReadonlyMap<string, string> = new Map([
  ['GET /_matrix/client/v1/auth_metadata', '404 `M_UNRECOGNIZED`: without OAuth 2.0'],
]);

const roles: readonly { readonly paths: RegExp; readonly role: string }[] = [
  { paths: /^\/_matrix\/app\//, role: 'application service' },
  { paths: /^\/_matrix\/push\//, role: 'push gateway' },
  { paths: /^\/_matrix\/identity/, role: 'identity server' },
  { paths: /^\/_matrix\/policy\/|\/policy_server$/, role: 'policy server' },
];

/** Who serves an operation that a homeserver does not; a homeserver calls most of these. */
export function otherRoleOf(path: string): string | undefined {
  return roles.find(({ paths }) => paths.test(path))?.role;
}
