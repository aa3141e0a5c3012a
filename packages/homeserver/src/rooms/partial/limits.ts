/** Limits of what it takes to learn the rest of a room. */

/** Events that are read at once to be checked again. */
export const eventsAtOnce = 200;

/** Entries of a state that are read, or rows that are written, at once. */
export const rowsAtOnce = 500;

/** More entries than these that have changed since the join are stored with the whole state. */
export const entriesApartMax = 500;

/** Events after gaps of which the state before them is asked for; each answer names all members. */
export const gapStatesMax = 30;

/** Servers that are asked in one round, the one that answered the join first. */
export const serversAskedMax = 20;

/** How long it is waited after a round in which nobody helped, at first and at most. */
export const roundPauseMs = 5_000;
export const roundPauseMsMax = 10 * 60_000;

/**
 * Rounds in which an answer must have members of every server that the resident server named, and in which the room is not
 * whole before the states before events after gaps are told, where a server that may know them cannot be reached.
 */
export const strictRoundsMax = 5;

/** How often the current state may change under the hands of who brings it to its end. */
export const finishTriesMax = 3;

/** Rooms that are learned at once, and of these those that one resident server was joined through: it may be slow. */
export const roomsAtOnce = 6;
export const roomsOfResidentAtOnce = 2;

/** Of an answer to `/state`: as of that to a join. */
export const stateBytesMax = 256 * 1024 * 1024;
export const stateEventsMax = 400_000;
export const stateEventBytesMax = 512 * 1024;
export const stateValueBytesMax = 64 * 1024;
export const stateIdleMs = 120_000;
export const stateTotalMs = 15 * 60_000;

/** How long a request may wait for a room's members, and how soon it looks by itself. */
export const waitMsMax = 45_000;
export const lookAgainMs = 1_000;
