import type { JsonObject, JsonValue } from '../canonical-json.ts';

/** Signatures by server name, then by signing key ID (`ed25519:…`), in unpadded base64. */
export type Signatures = { [serverName: string]: { [keyId: string]: string } };

/**
 * How an event names another: by its ID, in room versions 1 and 2 by its ID and its reference hash in unpadded base64.
 * `referencedId`, `prevEventIds` and `authEventIds` read both.
 */
export type EventReference = string | [eventId: string, hashes: { [algorithm: string]: string }];

/**
 * A PDU, as it travels over federation (spec: Room Versions, "Event format").
 * A received one may have more keys than these; they are part of its hashes, so it is never rebuilt field by field.
 */
export type Pdu = {
  auth_events: EventReference[];
  content: JsonObject;
  /** One more than the greatest depth of the `prev_events`, capped by the room version. */
  depth: number;
  /** The event's ID in room versions 1 and 2; nothing in later ones. Read it with `eventIdOf`. */
  event_id?: string;
  /** `sha256` is the content hash in unpadded base64. */
  hashes: { sha256: string; [algorithm: string]: string };
  /** Milliseconds since the Unix epoch, by the origin's clock. */
  origin_server_ts: number;
  prev_events: EventReference[];
  /** Meant only in `m.room.redaction` up to room version 10; read it with `redactedEventOf`. */
  redacts?: JsonValue;
  /** Absent in the `m.room.create` of room version 12 and later, and only there. */
  room_id?: string;
  sender: string;
  signatures: Signatures;
  /** Present exactly when this is a state event. */
  state_key?: string;
  type: string;
  unsigned?: JsonObject;
};

/** What hashing and signing need from outside. `sha256` and `sign` take text, which stands for its UTF-8 bytes. */
export interface EventCrypto extends HashFunction {
  /** The server on whose behalf is signed. */
  readonly serverName: string;
  /** The signing key ID, `ed25519:…`. */
  readonly keyId: string;
  /** The ed25519 signature in unpadded base64. */
  sign(text: string): string;
}

/** SHA-256 alone, for what only hashes. */
export interface HashFunction {
  /** The digest in standard base64; padding is allowed and ignored. */
  sha256(text: string): string;
}

/**
 * Verifies an ed25519 signature: key and signature in base64 of either alphabet, padded or not.
 * Returns false for anything malformed; never throws.
 */
export type SignatureVerifier = (publicKey: string, signature: string, text: string) => boolean;
