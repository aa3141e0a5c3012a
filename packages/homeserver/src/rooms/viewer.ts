/** On whose behalf events are read. */
export interface Viewer {
  readonly userId: string;
  readonly userNid: number;
  /** The device whose transaction IDs are echoed. */
  readonly deviceNid: number | undefined;
}
