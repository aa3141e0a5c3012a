/** Every limit on what an account may hold; those of Synapse where it has one. */

/** In characters: a longer one is cut short at login, and refused when a device is renamed. */
export const deviceDisplayNameLengthMax = 100;

/** In characters. */
export const deviceIdLengthMax = 512;

/** In characters; longer ones are refused. */
export const passwordLengthMax = 512;

/** In characters. */
export const displayNameLengthMax = 256;

/** In characters. */
export const avatarUrlLengthMax = 1000;

/** In UTF-8 bytes: as the type of an event. */
export const accountDataTypeBytesMax = 255;

/** Of a last-seen user agent, in characters; the rest is left out. */
export const userAgentLengthMax = 500;

/** In UTF-8 bytes: the name of a profile field. */
export const profileKeyBytesMax = 255;

/** In UTF-8 bytes, as JSON: all fields of a profile. */
export const profileBytesMax = 65_536;

/** In UTF-8 bytes: the name of a tag. */
export const tagBytesMax = 255;
