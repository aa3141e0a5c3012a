import type { Response } from '../harness/api.ts';
import { testPassword, type TestUser } from '../harness/client.ts';
import { textAt } from '../harness/json-path.ts';

/** A request that the user confirms with the password: first the 401, then the same with `auth`. */
export async function confirmed(
  user: TestUser,
  method: string,
  path: string,
  body: object = {},
  password: string = testPassword,
): Promise<Response> {
  const challenge = await user.request(method, path, { body });
  if (challenge.status !== 401) return challenge;
  const auth = {
    type: 'm.login.password',
    identifier: { type: 'm.id.user', user: user.userId },
    password,
    session: textAt(challenge.body, 'session'),
  };
  return user.request(method, path, { body: { ...body, auth } });
}
