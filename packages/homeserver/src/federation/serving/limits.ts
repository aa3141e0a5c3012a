/** Limits of what other servers may ask of rooms. */

/** As Synapse: events of one `/backfill`, those that it starts from included. */
export const backfillEventsMax = 100;
/** As Synapse: events of one `/get_missing_events`. */
export const missingEventsMax = 20;
/** Events that a request may name. */
export const namedEventsMax = 100;
/** Events that the asking server has: all ends of the room that it knows. More of them are not looked at. */
export const earliestEventsMax = 5_000;
/** Events that one walk through a room's history looks at; some of them may not be shown. */
export const walkedEventsMax = 1_000;
/** Events around a time that are looked past, since the server may not see them. */
export const eventsLookedPastMax = 5_000;
/** Large answers that are worked out at once; writing them out does not count. */
export const largeAnswersAtOnce = 2;
/** Events whose text is read at once for a large answer. */
export const textsAtOnce = 100;
/** Room versions that a joining server may name. */
export const versionsMax = 100;
/** The body of a request that brings a member event; the event's own limit is 64 KiB. */
export const memberBytesMax = 256 * 1024;
/** Invitations to one address that an identity server hands over at once. */
export const boundInvitesMax = 50;
