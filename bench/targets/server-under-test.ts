export type TargetName = 'soma' | 'bare';

/** A server that is measured. */
export interface ServerUnderTest {
  readonly name: TargetName;
  readonly port: number;
  pid(): number;
  /** How long the last start took. */
  startMs(): number;
  stop(): Promise<void>;
  restart(): Promise<void>;
  /** Bytes that the database takes on disk; exact when the server is stopped. */
  databaseBytes(): Promise<number>;
  /** Stops it and removes its folder and its database. */
  dispose(): Promise<void>;
}
