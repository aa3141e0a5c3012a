/**
 * The type of events that say nothing: servers send them to bring the ends of a room together, and show them to nobody.
 * Synapse's, and by now everybody's.
 */
export const DUMMY_EVENT_TYPE = 'org.matrix.dummy_event';

/** State of that type is state like any other. */
export function isDummyEvent(event: {
  readonly type: string;
  readonly state_key?: string | undefined;
}): boolean {
  return event.type === DUMMY_EVENT_TYPE && event.state_key === undefined;
}
