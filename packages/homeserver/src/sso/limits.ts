/** In characters. It travels in a cookie, of which browsers keep four thousand bytes. */
export const redirectUrlLengthMax = 2_000;

/** In characters. */
export const externalIdLengthMax = 500;

/** How long somebody may take at the provider; an hour as Synapse. */
export const signInLifetimeMs = 60 * 60 * 1000;

/** How long somebody may take over our own pages afterwards; as Synapse. */
export const sessionLifetimeMs = 15 * 60 * 1000;

/** Of those; beyond it the longest unused are forgotten. Each stands for somebody whom a provider knows. */
export const sessionsMax = 10_000;

/** How long a client may take to come with the token; as Synapse, since an app may have to be started first. */
export const loginTokenLifetimeMs = 2 * 60 * 1000;

/** Of what a provider answers. */
export const answerBytesMax = 1024 * 1024;

/** How often another name is tried where the one that a provider gives is taken; as Synapse. */
export const nameAttemptsMax = 1_000;

/** Of a picture that a provider names. */
export const pictureBytesMax = 10 * 1024 * 1024;
