/** Every limit on pushers. */

/** CS API, `POST /pushers/set`. */
export const appIdLengthMax = 64;
export const pushkeyBytesMax = 512;

/** Of all that a pusher says about itself, as JSON. */
export const descriptionLengthMax = 16 * 1024;

/** Of one user; Synapse knows no bound. */
export const pushersMax = 100;

/** Pushers that are told something at the same time. */
export const deliveriesAtOnceMax = 32;

/** As Synapse: after a failure a pusher is tried again after so long, twice as long each time, up to the longest. */
export const retryMsFirst = 1_000;
export const retryMsMax = 3_600_000;

/** What could not be delivered for so long is given up, so that what is newer gets its turn. */
export const giveUpAfterMs = 24 * 3_600_000;

/** Of one mail: what is more has to be looked for in the app. */
export const mailedPushesMax = 500;
export const mailedRoomsMax = 20;
export const mailedMessagesMax = 10;
export const mailedTextLengthMax = 500;

/** How long a gateway may take. */
export const gatewayTimeoutMs = 30_000;
export const gatewayAnswerBytesMax = 64 * 1024;
