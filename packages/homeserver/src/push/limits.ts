/** Every limit on push rules and unread counts. */

/** Of all that a user changed of the push rules, as JSON. */
export const pushRulesJsonLengthMax = 256 * 1024;

/** Local users that one event can single out by `m.mentions`; of more than these, the first ones. */
export const singledOutMax = 500;
