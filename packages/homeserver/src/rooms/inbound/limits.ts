/** Limits of what is taken in from other servers. */

/** Outliers that are written in one change. */
export const outliersPerChange = 500;

/** Events that are checked together while other threads verify their signatures, and how many such lists at once. */
export const checkedTogether = 32;
export const checkedListsAtOnce = 3;

/** Names that are interned at once, in a commit that they share. */
export const namesAtOnce = 500;

/** Rows of a state, or of its members, that are written in one change. */
export const rowsPerChange = 1_000;

/** What is asked of others on behalf of one received event: requests, and events that they answer with. */
export const requestsMax = 100;
export const fetchedEventsMax = 20_000;

/** Of `/get_missing_events`: how often it is asked for older ones, how many at once, and how many in all. */
export const missingRoundsMax = 10;
export const missingPerRound = 50;
export const missingEventsMax = 300;

/** Prev events whose state has to be asked for. */
export const pulledEventsMax = 20;

/** IDs in an answer to `/state_ids`. */
export const stateIdsMax = 200_000;

/** More unknown events of a state are asked for all together. */
export const singleEventsMax = 30;
export const singleEventsAtOnce = 5;

/** How far back it is looked for a late event among what the current state was allowed by. */
export const replacementStepsMax = 4;

/** How long an event that could not be had is not asked for again, at first and at most. */
export const pullRetryMs = 60_000;
export const pullRetryMsMax = 24 * 60 * 60 * 1000;

/** Of `/backfill`: events at once, and how many states may be asked for beside. */
export const backfilledEventsMax = 100;
export const backfilledStatesMax = 5;
