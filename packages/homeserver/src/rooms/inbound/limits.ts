/** Limits of what is taken in from other servers. */

/** Outliers that are written in one change. */
export const outliersPerChange = 100;

/** Names that are interned at once, in a commit that they share. */
export const namesAtOnce = 500;

/** Rows of a state, or of its members, that are written in one change. */
export const rowsPerChange = 1_000;
