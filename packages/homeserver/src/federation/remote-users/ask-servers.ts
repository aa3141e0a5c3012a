import { parseUserId, serverNameOf } from '@soma/protocol';
import type { JsonObject } from '@soma/protocol';

import { FederationError } from '../../federation-client/federation-error.ts';
import { inTurn } from '../../streams/in-turn.ts';
import { serversAskedAtOnce, usersPerRequestMax } from './limits.ts';

/** What servers answered, and by server why one did not. */
export interface ServerAnswers<Answer> {
  readonly answers: readonly Answer[];
  readonly failures: Readonly<Record<string, JsonObject>>;
}

/** Users of one server, in one request to it. */
interface Question<Value> {
  readonly serverName: string;
  readonly users: ReadonlyMap<string, Value>;
}

/**
 * Asks each user's server about them, several servers at once. What is not answered within `timeoutMs` counts as a
 * failure of its server.
 */
export async function askServers<Value, Answer>(
  users: ReadonlyMap<string, Value>,
  timeoutMs: number,
  ask: (
    serverName: string,
    users: ReadonlyMap<string, Value>,
    signal: AbortSignal,
  ) => Promise<Answer>,
): Promise<ServerAnswers<Answer>> {
  const questions = questionsOf(users);
  if (questions.length === 0) return { answers: [], failures: {} };
  const signal = AbortSignal.timeout(timeoutMs);
  const answers: Answer[] = [];
  const failures = new Map<string, JsonObject>();
  await inTurn(questions, serversAskedAtOnce, async ({ serverName, users: asked }) => {
    try {
      answers.push(await ask(serverName, asked, signal));
    } catch (error) {
      failures.set(serverName, failureOf(error));
    }
  });
  return { answers, failures: Object.fromEntries(failures) };
}

function questionsOf<Value>(users: ReadonlyMap<string, Value>): Question<Value>[] {
  const questions: { serverName: string; users: Map<string, Value> }[] = [];
  const latest = new Map<string, Map<string, Value>>();
  for (const [userId, value] of users) {
    const parsed = parseUserId(userId);
    if (parsed === undefined) continue;
    const serverName = serverNameOf(parsed);
    let asked = latest.get(serverName);
    if (asked === undefined || asked.size >= usersPerRequestMax) {
      asked = new Map();
      latest.set(serverName, asked);
      questions.push({ serverName, users: asked });
    }
    asked.set(userId, value);
  }
  return questions;
}

/** What clients are told, as by Synapse; nothing of this server's network. */
function failureOf(error: unknown): JsonObject {
  if (!(error instanceof FederationError)) throw error;
  const { failure, errcode, status = 500 } = error;
  if (failure === 'refused') {
    const message = `The server answered with the status ${status}`;
    return { status, message, ...(errcode === undefined ? {} : { errcode }) };
  }
  if (failure === 'not-allowed') {
    return { status: 403, message: 'This server does not federate with that one' };
  }
  return { status: 503, message: 'The server could not be reached' };
}
