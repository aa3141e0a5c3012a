/** Every limit of end-to-end encryption; those of Synapse where it has one. */

/** In UTF-8 bytes: key IDs, algorithms, room and session IDs of a backup. */
export const keyNameBytesMax = 255;

/** In UTF-8 bytes, as JSON: the keys of one device, or one key. */
export const keyBytesMax = 65_536;

/** Users whose keys are read at once for one request, which may name any number of them. */
export const usersReadAtOnce = 10;

/** Of messages to devices, in one answer (CS API, "Send-to-Device messaging"). */
export const toDeviceMessagesMax = 100;

/** In UTF-8 bytes, as canonical JSON: the content of a message to a device. */
export const toDeviceContentBytesMax = 65_536;

/** Devices that one request may send to. */
export const toDeviceRecipientsMax = 10_000;

/** For so long a repeated transaction is known. */
export const transactionLifetimeMs = 24 * 60 * 60_000;

/** Other servers are waited for no longer than this, whatever the client says. */
export const remoteTimeoutMsMax = 60_000;
