/**
 * Operations that a homeserver must serve and Soma does not yet, by method and path. `npm run check` wants the list
 * to be exact: what is served by now must go from it.
 */
export const knownMissing: readonly string[] = [
  // Logging in elsewhere.
  'GET /_matrix/client/v1/auth_metadata',
  'GET /_matrix/client/v3/login/sso/redirect',
  'GET /_matrix/client/v3/login/sso/redirect/{idpId}',
  // Rooms of other servers.
  'PUT /_matrix/federation/v1/3pid/onbind',
  'GET /_matrix/federation/v1/backfill/{roomId}',
  'GET /_matrix/federation/v1/event_auth/{roomId}/{eventId}',
  'GET /_matrix/federation/v1/event/{eventId}',
  'PUT /_matrix/federation/v1/exchange_third_party_invite/{roomId}',
  'POST /_matrix/federation/v1/get_missing_events/{roomId}',
  'PUT /_matrix/federation/v1/invite/{roomId}/{eventId}',
  'GET /_matrix/federation/v1/make_join/{roomId}/{userId}',
  'GET /_matrix/federation/v1/make_knock/{roomId}/{userId}',
  'GET /_matrix/federation/v1/make_leave/{roomId}/{userId}',
  'GET /_matrix/federation/v1/query/{queryType}',
  'PUT /_matrix/federation/v1/send_knock/{roomId}/{eventId}',
  'PUT /_matrix/federation/v1/send/{txnId}',
  'GET /_matrix/federation/v1/state_ids/{roomId}',
  'GET /_matrix/federation/v1/state/{roomId}',
  'GET /_matrix/federation/v1/timestamp_to_event/{roomId}',
  'PUT /_matrix/federation/v2/invite/{roomId}/{eventId}',
  'PUT /_matrix/federation/v2/send_join/{roomId}/{eventId}',
  'PUT /_matrix/federation/v2/send_leave/{roomId}/{eventId}',
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
