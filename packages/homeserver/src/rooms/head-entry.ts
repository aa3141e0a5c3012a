import type { EventReference, JsonObject } from '@soma/protocol';

/** What the auth rules read of a state event. */
export interface StateEvent {
  readonly eventId: string;
  readonly type: string;
  readonly state_key: string;
  readonly sender: string;
  readonly content: JsonObject;
}

/** One entry of a room's current state. */
export interface HeadEntry {
  readonly eventNid: number;
  readonly stateKeyNid: number;
  readonly event: StateEvent;
  /** How other events name it. */
  readonly reference: EventReference;
}
