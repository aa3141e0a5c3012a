/** An answer that is meant to differ from the specification's schema. */
export interface SpecDeviation {
  /** As the specification names it: method and path. */
  readonly operation: string;
  /** Matches the problem as it is reported: where it is, and what is wrong. */
  readonly problem: RegExp;
  /** Matches the request's target as it is sent, for a deviation that the client asks for. */
  readonly target?: RegExp;
  readonly reason: string;
}

export const specDeviations: readonly SpecDeviation[] = [
  {
    operation: 'GET /_matrix/client/v3/events',
    problem: /^\/chunk\/\d+: must have required properties/,
    reason:
      'receipts, typing, presence and account data come in the chunk too, as the modules say, but the schema knows ' +
      'events of rooms alone',
  },
  {
    operation: 'GET /_matrix/client/v3/rooms/{roomId}/joined_members',
    problem: /\/avatar_url: must match pattern/,
    reason: 'a member event may hold any text there, and is told as it is',
  },
  {
    operation: 'GET /_matrix/client/v3/rooms/{roomId}/state/{eventType}/{stateKey}',
    problem: /must match exactly one schema in oneOf/,
    reason: 'a whole event is an object as well, as a content is',
  },
  {
    operation: 'PUT /_matrix/client/v3/rooms/{roomId}/send/{eventType}/{txnId}',
    problem: /must have required properties event_id/,
    target: /org\.matrix\.msc4140\.delay=/,
    reason: 'what is sent later has the ID of its delay instead of that of an event (MSC4140)',
  },
  {
    operation: 'PUT /_matrix/client/v3/rooms/{roomId}/state/{eventType}/{stateKey}',
    problem: /must have required properties event_id/,
    target: /org\.matrix\.msc4140\.delay=/,
    reason: 'what is sent later has the ID of its delay instead of that of an event (MSC4140)',
  },
  {
    operation: 'GET /_matrix/client/v3/voip/turnServer',
    problem: /must have required properties/,
    reason:
      'without a TURN server there is nothing to tell; clients know the empty object from Synapse',
  },
  {
    operation: 'GET /_matrix/client/v3/room_keys/version',
    problem: /^\/algorithm: must be equal to one of the allowed values/,
    reason: 'the server does not read backups, and keeps those of algorithms that it does not know',
  },
  {
    operation: 'GET /_matrix/client/v3/room_keys/version/{version}',
    problem: /^\/algorithm: must be equal to one of the allowed values/,
    reason: 'as above',
  },
  {
    operation: 'POST /_matrix/client/v3/keys/device_signing/upload',
    problem: /: must have required properties errcode, error/,
    reason:
      'the 401 of interactive authentication, which the text of the operation asks for, is not in its data',
  },
  {
    operation: 'PUT /_matrix/federation/v2/invite/{roomId}/{eventId}',
    problem: /^\/event: must have required properties origin/,
    reason:
      'the event comes back as it was sent; no room version has this field, and servers have long left it out',
  },
  {
    operation: 'PUT /_matrix/federation/v1/invite/{roomId}/{eventId}',
    problem: /^\/1/,
    reason:
      'the schema takes the pair of a status and an object for a list of either; and as above',
  },
  {
    operation: 'GET /_matrix/client/v3/sync',
    problem: /\/events\/\d+: must have required properties/,
    target: /event_fields/,
    reason: 'a filter leaves an event only the fields that it names',
  },
];

/** Events whose content the server makes; what clients send passes through as it is. */
export const serverMadeContents: ReadonlySet<string> = new Set([
  'm.presence',
  'm.push_rules',
  'm.receipt',
  'm.typing',
]);
