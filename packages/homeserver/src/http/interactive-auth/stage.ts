import type { Errcode } from '../../errors/errcodes.ts';
import type { InteractiveSession } from './session-store.ts';

/** The `auth` object of a request. */
export type AuthData = Readonly<Record<string, unknown>>;

export interface StageContext {
  readonly clientAddress: string;
}

/** `result` is remembered with the session, e.g. the user id that a password proved. */
export type StageResult =
  | { readonly isCompleted: true; readonly result: unknown }
  | {
      readonly isCompleted: false;
      readonly errcode?: Errcode;
      readonly error?: string;
      /** Further keys of the 401 body, as the stage's type defines them. */
      readonly extra?: Readonly<Record<string, unknown>>;
    };

/** One authentication type, e.g. `m.login.password`. */
export interface Stage {
  readonly type: string;
  /** What a client must know to use it, for `params` of the 401 body. */
  params?(): object;
  /**
   * The client submits this stage. A MatrixError that is thrown ends the request; a result that is not
   * completed lets the client try again.
   */
  check(auth: AuthData, session: InteractiveSession, context: StageContext): Promise<StageResult>;
  /** The client asks, with the session alone, whether the stage was completed elsewhere. */
  poll?(session: InteractiveSession, context: StageContext): Promise<StageResult>;
}

export function completed(result: unknown): StageResult {
  return { isCompleted: true, result };
}

export function failed(errcode: Errcode, error: string): StageResult {
  return { isCompleted: false, errcode, error };
}
