import { authorise } from '../auth-rules/authorise.ts';
import type { AuthEvidence, AuthState } from '../auth-rules/types.ts';
import type { RoomVersion } from '../room-versions/types.ts';
import { authEventUnder } from './auth-event-under.ts';
import type { LoadedEvents } from './loaded-events.ts';
import type { ResolutionEvent } from './types.ts';

/** What is being built: state events by type and state key. */
export class PartialState implements AuthState {
  readonly #events = new Map<string, Map<string, ResolutionEvent>>();

  constructor(events: Iterable<ResolutionEvent> = []) {
    for (const event of events) this.set(event);
  }

  get(type: string, stateKey: string): ResolutionEvent | undefined {
    return this.#events.get(type)?.get(stateKey);
  }

  set(event: ResolutionEvent): void {
    const ofType = this.#events.get(event.type);
    if (ofType === undefined) this.#events.set(event.type, new Map([[event.state_key, event]]));
    else ofType.set(event.state_key, event);
  }

  *[Symbol.iterator](): Generator<ResolutionEvent> {
    for (const ofType of this.#events.values()) yield* ofType.values();
  }
}

/** What all checks of one resolution share. */
export interface CheckContext {
  readonly loaded: LoadedEvents;
  readonly version: RoomVersion;
  /** The create event, where the events do not list it. */
  readonly create: ResolutionEvent | undefined;
  readonly evidence: AuthEvidence;
}

/**
 * The iterative auth checks (spec: Room Version 2): each event in turn becomes part of the state if the state allows it.
 * What the state lacks is taken from the event's own auth events, except those that were rejected.
 * The auth events of the events, and what the state may hold that authorises them, are loaded.
 */
export function iterativeAuthChecks(
  state: PartialState,
  events: readonly ResolutionEvent[],
  { loaded, version, create, evidence }: CheckContext,
): void {
  for (const event of events) {
    const available: AuthState = {
      get: (type, stateKey) => {
        if (type === 'm.room.create' && create !== undefined) return create;
        const inState = state.get(type, stateKey);
        if (inState !== undefined) return inState;
        const listed = authEventUnder(event, type, stateKey, loaded);
        return listed?.rejected === true ? undefined : listed;
      },
    };
    if (authorise(event, available, version, evidence).allowed) state.set(event);
  }
}
