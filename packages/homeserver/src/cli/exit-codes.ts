/** What Soma's commands exit with. */
export const EXIT = {
  ok: 0,
  /** The command was understood and could not be done. */
  refused: 1,
  /** The command line itself is wrong. */
  usage: 2,
} as const;
