/** What a session is bound to: the operation that the user agrees to. */
export interface Operation {
  readonly method: string;
  readonly path: string;
  /** Undefined where nobody is logged in yet, e.g. on `/register`. */
  readonly userId: string | undefined;
}

export interface InteractiveSession extends Operation {
  readonly id: string;
  /** The request's body without `auth`. */
  readonly body: Readonly<Record<string, unknown>>;
  /** Results by the type of the stage. */
  readonly completed: ReadonlyMap<string, unknown>;
  /** What the endpoint wants to find again on a later request of the session. */
  readonly data: ReadonlyMap<string, unknown>;
}

export interface SessionStore {
  create(operation: Operation, body: InteractiveSession['body']): Promise<InteractiveSession>;
  /** Undefined for a session that is not known, or no longer. */
  get(id: string): Promise<InteractiveSession | undefined>;
  setBody(id: string, body: InteractiveSession['body']): Promise<void>;
  complete(id: string, type: string, result: unknown): Promise<void>;
  setData(id: string, key: string, value: unknown): Promise<void>;
  remove(id: string): Promise<void>;
}
