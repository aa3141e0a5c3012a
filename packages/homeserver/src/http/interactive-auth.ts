import { isDeepStrictEqual } from 'node:util';

import type { Errcode } from '../errors/errcodes.ts';
import { badJson, badRequest, MatrixError } from '../errors/matrix-error.ts';
import type { Confirmations } from './interactive-auth/confirmations.ts';
import { isComplete, nextStages } from './interactive-auth/flows.ts';
import type { Flows } from './interactive-auth/flows.ts';
import type { InteractiveSession, SessionStore } from './interactive-auth/session-store.ts';
import type { AuthData, Stage, StageContext, StageResult } from './interactive-auth/stage.ts';
import type { RateLimiter } from './rate-limit.ts';

export type { Flows } from './interactive-auth/flows.ts';

type Body = InteractiveSession['body'];

/** Of an endpoint's request, what interactive authentication needs. */
export interface InteractiveRequest {
  readonly method: string;
  readonly path: string;
  readonly clientAddress: string;
  /** With the `auth` key, if the client sent one. */
  readonly body: Body;
  readonly requester?:
    | {
        readonly userId: string;
        readonly tokenNid?: number | undefined;
        readonly applicationService?: object;
      }
    | undefined;
}

/** A user who has completed a flow. */
export interface InteractiveOutcome {
  readonly sessionId: string;
  /** Without `auth`. The one the session began with, if the client left it out this time. */
  readonly body: Body;
  readonly results: ReadonlyMap<string, unknown>;
  /** What `remember` kept on an earlier request of the session, e.g. the user that it registered. */
  readonly data: ReadonlyMap<string, unknown>;
  remember(key: string, value: unknown): Promise<void>;
  /** Ends the session: what was completed in it is good for this request alone. */
  end(): Promise<void>;
}

/** The 401 that asks for (more) authentication. `errcode` only if a stage was tried and failed. */
export class InteractiveAuthError extends MatrixError {
  readonly #body: object;

  constructor(body: object) {
    super(401, 'M_UNAUTHORIZED', 'User-interactive authentication is needed');
    this.name = 'InteractiveAuthError';
    this.#body = body;
  }

  override body(): object {
    return this.#body;
  }
}

export interface InteractiveAuthOptions {
  readonly stages: readonly Stage[];
  readonly sessions: SessionStore;
  /** Synapse's `rc_login.failed_attempts`: counts failed stages, by user or address. */
  readonly failedAttempts?: RateLimiter;
  /** Synapse's `ui_auth.session_timeout`: who has just confirmed is not asked again. */
  readonly confirmations?: Confirmations;
}

export interface InteractiveWish {
  /** Whether a recent confirmation of another request counts for this one. */
  readonly acceptsRecent?: boolean;
  /** Whether an application service need not confirm it. */
  readonly trustsServices?: boolean;
}

/** Client-server API, "User-Interactive Authentication API". */
export class InteractiveAuth {
  readonly #stages: ReadonlyMap<string, Stage>;
  readonly #sessions: SessionStore;
  readonly #failedAttempts: RateLimiter | undefined;
  readonly #confirmations: Confirmations | undefined;

  constructor(options: InteractiveAuthOptions) {
    this.#stages = new Map(options.stages.map((stage) => [stage.type, stage]));
    this.#sessions = options.sessions;
    this.#failedAttempts = options.failedAttempts;
    this.#confirmations = options.confirmations;
  }

  /**
   * Returns once a flow is complete. Until then it throws the 401 that tells what is left. The session
   * holds for one operation: another method, path or user is refused with 403 M_UNKNOWN as Synapse
   * does, and so is another body once a stage has been completed for it.
   */
  async authenticate(
    request: InteractiveRequest,
    flows: Flows,
    { acceptsRecent = false, trustsServices = false }: InteractiveWish = {},
  ): Promise<InteractiveOutcome> {
    const { auth, body } = splitBody(request.body);
    if (trustsServices && request.requester?.applicationService !== undefined) return unasked(body);
    const tokenNid = request.requester?.tokenNid;
    const isRecent = tokenNid !== undefined && this.#confirmations?.isRecent(tokenNid) === true;
    if (acceptsRecent && isRecent && auth === undefined) return unasked(body);
    let session = await this.#session(request, auth, body);
    let failure: StageResult | undefined;
    if (auth !== undefined && Object.keys(auth).length > 0) {
      failure = await this.#attempt(flows, auth, session, request);
      session = (await this.#sessions.get(session.id)) ?? session;
      if (isComplete(flows, session.completed)) {
        if (tokenNid !== undefined) this.#confirmations?.note(tokenNid);
        return this.#outcome(session);
      }
    }
    const challenge = this.#challenge(flows, session);
    if (auth === undefined) throw new InteractiveAuthError(challenge);
    const completed = [...session.completed.keys()];
    throw new InteractiveAuthError({ ...challenge, completed, ...complaint(failure) });
  }

  /** Completes a stage that the user did elsewhere: in the fallback page, or by a link in a mail. */
  async completeElsewhere(sessionId: string, type: string, result: unknown): Promise<void> {
    if ((await this.#sessions.get(sessionId)) === undefined) throw unknownSession();
    await this.#sessions.complete(sessionId, type, result);
  }

  /** Whether the session can still be used. */
  async isKnown(sessionId: string): Promise<boolean> {
    return (await this.#sessions.get(sessionId)) !== undefined;
  }

  /** Tries a stage that the user does in a page of ours; whether it is completed. */
  async completeByPage(
    sessionId: string,
    type: string,
    auth: AuthData,
    context: StageContext,
  ): Promise<boolean> {
    const session = await this.session(sessionId);
    if (session.completed.has(type)) return true;
    const stage = this.#stages.get(type);
    if (stage === undefined) return false;
    return (await this.#check(stage, auth, session, context)).isCompleted;
  }

  async session(sessionId: string): Promise<InteractiveSession> {
    const session = await this.#sessions.get(sessionId);
    if (session === undefined) throw unknownSession();
    return session;
  }

  async #session(
    request: InteractiveRequest,
    auth: AuthData | undefined,
    body: Body,
  ): Promise<InteractiveSession> {
    const userId = request.requester?.userId;
    const { method, path } = request;
    if (auth?.['session'] === undefined) {
      return this.#sessions.create({ method, path, userId }, body);
    }
    const session =
      typeof auth['session'] === 'string' ? await this.session(auth['session']) : undefined;
    if (session === undefined) throw badJson('Field auth.session must be string');
    const isSame = session.method === method && session.path === path && session.userId === userId;
    if (!isSame) throw changedOperation();
    // The client may leave the rest of the body out once the session has it.
    if (Object.keys(body).length === 0 || isDeepStrictEqual(session.body, body)) return session;
    // Clients ask for the flows with one body and go on with another; what was authorised stays.
    if (session.completed.size > 0) throw changedOperation();
    await this.#sessions.setBody(session.id, body);
    return { ...session, body };
  }

  /** Tries the stage that the client submits; undefined if there is nothing to complain of. */
  async #attempt(
    flows: Flows,
    auth: AuthData,
    session: InteractiveSession,
    context: InteractiveRequest,
  ): Promise<StageResult | undefined> {
    const { type } = auth;
    if (type === undefined) return this.#poll(flows, session, context);
    if (typeof type !== 'string') throw badJson('Field auth.type must be string');
    // Completed stages cannot be tried again: the answer is what is left.
    if (session.completed.has(type)) return undefined;
    const stage = this.#stages.get(type);
    if (stage === undefined || !nextStages(flows, session.completed).has(type)) {
      const error = `The stage ${type.slice(0, 100)} is not one that can be done now`;
      return { isCompleted: false, errcode: 'M_FORBIDDEN', error };
    }
    const result = await this.#check(stage, auth, session, context);
    return result.isCompleted ? undefined : result;
  }

  async #check(
    stage: Stage,
    auth: AuthData,
    session: InteractiveSession,
    context: StageContext,
  ): Promise<StageResult> {
    const limitKey = session.userId ?? context.clientAddress;
    this.#failedAttempts?.check(limitKey, undefined, { counts: false });
    const result = await stage.check(auth, session, context);
    if (result.isCompleted) await this.#sessions.complete(session.id, stage.type, result.result);
    else if (result.errcode !== undefined) this.#failedAttempts?.tryAction(limitKey);
    return result;
  }

  async #poll(
    flows: Flows,
    session: InteractiveSession,
    context: StageContext,
  ): Promise<StageResult | undefined> {
    const completed = new Map(session.completed);
    const asked = new Set<string>();
    for (;;) {
      // Each completed stage may open a next one.
      const type = [...nextStages(flows, completed)].find((each) => !asked.has(each));
      if (type === undefined) return undefined;
      asked.add(type);
      const result = await this.#stages.get(type)?.poll?.(session, context);
      if (result?.isCompleted !== true) continue;
      completed.set(type, result.result);
      await this.#sessions.complete(session.id, type, result.result);
    }
  }

  #challenge(flows: Flows, session: InteractiveSession): object {
    const params: Record<string, object> = {};
    for (const type of new Set(flows.flat())) {
      const value = this.#stages.get(type)?.params?.();
      if (value !== undefined) params[type] = value;
    }
    return { session: session.id, flows: flows.map((stages) => ({ stages })), params };
  }

  #outcome(session: InteractiveSession): InteractiveOutcome {
    return {
      sessionId: session.id,
      body: session.body,
      results: session.completed,
      data: session.data,
      remember: (key, value) => this.#sessions.setData(session.id, key, value),
      end: () => this.#sessions.remove(session.id),
    };
  }
}

/** Of a request for which nobody was asked anything. */
function unasked(body: Body): InteractiveOutcome {
  const nothing = async (): Promise<void> => {};
  return {
    sessionId: '',
    body,
    results: new Map(),
    data: new Map(),
    remember: nothing,
    end: nothing,
  };
}

function complaint(failure: StageResult | undefined): object {
  if (failure === undefined || failure.isCompleted) return {};
  const { errcode, error, extra } = failure;
  const standard: { errcode?: Errcode; error?: string } = {};
  if (errcode !== undefined) standard.errcode = errcode;
  if (error !== undefined) standard.error = error;
  return { ...extra, ...standard };
}

function splitBody(whole: Body): { auth: AuthData | undefined; body: Body } {
  const { auth, ...body } = whole;
  if (auth === undefined || auth === null) return { auth: undefined, body };
  if (typeof auth !== 'object' || Array.isArray(auth)) throw badJson('Field auth must be object');
  return { auth: { ...auth }, body };
}

function unknownSession(): MatrixError {
  return badRequest('The authentication session is not known, or no longer');
}

function changedOperation(): MatrixError {
  return new MatrixError(
    403,
    'M_UNKNOWN',
    'The requested operation has changed during the authentication session',
  );
}
