import type { LoadedEvents } from './loaded-events.ts';
import type { ResolutionEvent } from './types.ts';

/** The event of that type and state key which an event lists among its auth events, of those that are loaded. */
export function authEventUnder(
  { authEventNids }: ResolutionEvent,
  type: string,
  stateKey: string,
  loaded: LoadedEvents,
): ResolutionEvent | undefined {
  for (const nid of authEventNids) {
    const listed = loaded.get(nid);
    if (listed?.type === type && listed.state_key === stateKey) return listed;
  }
  return undefined;
}
