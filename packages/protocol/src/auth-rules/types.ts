import type { JsonObject, JsonValue } from '../canonical-json.ts';
import type { EventReference, SignatureVerifier } from '../events/types.ts';

/** What the auth rules read of an event. A `Pdu` with its event ID is one. */
export interface AuthEvent {
  readonly eventId: string;
  readonly type: string;
  readonly state_key?: string;
  readonly sender: string;
  readonly content: JsonObject;
  /** As in the PDU: a create event of room version 12 has none. */
  readonly room_id?: string;
  /** True when the event was rejected; such an event does not count as an auth event. */
  readonly rejected?: boolean;
}

/** An event to be authorised. */
export interface EventToAuthorise extends AuthEvent {
  readonly prev_events: readonly EventReference[];
  readonly redacts?: JsonValue;
}

/** A set of state: the current state, the state before the event, or what its auth events make up. */
export interface AuthState {
  /**
   * The state event of that type and key. In room versions 12 and later the create event must be found here
   * too, although no event lists it among its auth events.
   */
  get(type: string, stateKey: string): AuthEvent | undefined;
}

/** What some rules need beyond the event and the state. */
export interface AuthEvidence {
  /**
   * The events that the event lists in `auth_events`. Without them the rules about the list itself (2 up to
   * version 11, 3 from version 12 on) are not applied, as when checking against the state before the event.
   */
  readonly authEvents?: readonly AuthEvent[];
  /**
   * Whether the event has a valid signature of that server. Without it the rule about
   * `join_authorised_via_users_server` counts as fulfilled: see `requiredSigners`.
   */
  readonly signedBy?: (serverName: string) => boolean;
  /** Verifies third-party invites. Without it they are rejected. */
  readonly verify?: SignatureVerifier;
}

/**
 * What the auth rules say. `rule` is the number of the rule that decided in the spec's page of the room version,
 * such as `5.3.1` (where the page's own numbering skips or repeats a number, as a browser counts it).
 */
export type AuthVerdict =
  | { readonly allowed: true; readonly rule: string }
  | {
      readonly allowed: false;
      readonly rule: string;
      readonly reason: string;
      /** Nobody may say what the event says. */
      readonly malformed?: true;
    };
