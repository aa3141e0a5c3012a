/**
 * Operations that a homeserver must serve and Soma does not yet, by method and path. `npm run check` wants the list
 * to be exact: what is served by now must go from it.
 */
export const knownMissing: readonly string[] = [
  // Application services.
  'POST /_matrix/client/v1/appservice/{appserviceId}/ping',
  'PUT /_matrix/client/v3/directory/list/appservice/{networkId}/{roomId}',
  'GET /_matrix/client/v3/thirdparty/location',
  'GET /_matrix/client/v3/thirdparty/location/{protocol}',
  'GET /_matrix/client/v3/thirdparty/protocol/{protocol}',
  'GET /_matrix/client/v3/thirdparty/protocols',
  'GET /_matrix/client/v3/thirdparty/user',
  'GET /_matrix/client/v3/thirdparty/user/{protocol}',
  // Logging in elsewhere.
  'GET /_matrix/client/v1/auth_metadata',
  'GET /_matrix/client/v3/login/sso/redirect',
  'GET /_matrix/client/v3/login/sso/redirect/{idpId}',
  // Rooms of other servers.
  'GET /_matrix/federation/v1/query/{queryType}',
];

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
