/** Limits of what rooms on other servers may cost. */

/** Servers that are tried for one request of a user. */
export const candidatesMax = 10;

/** After so long without an answer the next server is asked too. */
export const hedgeDelayMs = 2_000;

/** For one server to give a template, and for it to take an event. */
export const handshakeTimeoutMs = 20_000;

/** What was said in a room longer ago than that is known by now to every server that can be reached. */
export const saidLatelyMs = 60 * 60_000;

/** How long it is waited for a server to take in an event that it was sent again. */
export const makeKnownPausesMs = [500, 1_500, 3_000];

/** So long an answer to a join waits for the members of the room, where they were left out. */
export const smallRoomMs = 500;

/** So long a join that no other server helps with waits for the members of the room. */
export const wholeRoomMs = 10_000;

/** Of the state and auth chain of a room: as Synapse, which takes 500 MB. */
export const joinBytesMax = 256 * 1024 * 1024;
export const joinEventsMax = 400_000;
/** One event with white space and escapes; what it may be without is `EVENT_BYTES_MAX`. */
export const joinEventBytesMax = 512 * 1024;
/** Of anything else in that answer. */
export const joinValueBytesMax = 4 * 1024 * 1024;
/** For all of it. */
export const joinTotalMs = 10 * 60_000;

/** State events that come with an invite or a knock. */
export const strippedEventsMax = 100;
export const strippedBytesMax = 256 * 1024;
