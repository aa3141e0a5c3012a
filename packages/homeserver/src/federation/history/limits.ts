/** Limits of what is asked of other servers about the past of a room, while a client waits. */

/** Servers that are asked, one after the other. */
export const serversAskedMax = 5;
/** How long one server, and all of them, may take. */
export const serverMs = 10_000;
export const fillMs = 25_000;
/** Ends of history that are filled at once. */
export const gapsAtOnce = 5;
/** How often it is asked for more while a page is not full. */
export const fillsPerPageMax = 3;
/** How long a page of the past waits for a room whose members are still being learned. */
export const wholeRoomMs = 30_000;
/** What could not be had is not asked for again for so long, at first and at most. */
export const retryMs = 30_000;
export const retryMsMax = 60 * 60_000;
/** Ends of history whose failures are remembered. */
export const failuresMax = 10_000;
/** Servers that are asked for an event at a time. */
export const serversAskedForTimeMax = 3;
