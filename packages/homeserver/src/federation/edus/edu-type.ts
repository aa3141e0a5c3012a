import type { Static, TSchema } from 'typebox';
import { Compile } from 'typebox/compile';
import type { Validator } from 'typebox/compile';

import { parseUserId, serverNameOf } from '@soma/protocol';
import type { JsonValue, ServerName, UserId } from '@soma/protocol';

import type { Accounts } from '../../accounts/accounts.ts';
import type { Ephemeral } from '../../ephemeral/ephemeral.ts';
import type { Presence } from '../../ephemeral/presence.ts';
import type { RemoteUserLists } from '../remote-users/remote-user-lists.ts';

/** An ephemeral data unit of another server (SS API, "EDUs"). */
export interface Edu {
  readonly edu_type: string;
  readonly content: JsonValue;
}

/** What EDUs are received with; made at composition. */
export interface EduServices {
  readonly accounts: Accounts;
  readonly ephemeral: Ephemeral;
  /** Undefined where it is turned off. */
  readonly presence: Presence | undefined;
  readonly lists: RemoteUserLists;
  /** A device list of the server was marked to be fetched. */
  readonly resyncSoon: (serverName: string) => void;
}

/** One type of EDU. */
export interface EduType {
  readonly name: string;
  /** Whether what it brings must be on disk before the transaction is answered. */
  readonly isDurable: boolean;
  /** Takes the contents of one transaction, in its order; what is malformed is left out. */
  receive(origin: ServerName, contents: readonly JsonValue[], services: EduServices): Promise<void>;
}

interface EduTypeDefinition<Schema extends TSchema> {
  readonly name: string;
  readonly isDurable: boolean;
  readonly schema: Schema;
  receive(
    origin: ServerName,
    contents: readonly Static<Schema>[],
    services: EduServices,
  ): Promise<void>;
}

/** A type whose contents are checked against a schema. */
export function eduType<Schema extends TSchema>({
  name,
  isDurable,
  schema,
  receive,
}: EduTypeDefinition<Schema>): EduType {
  const isContent = guardOf(schema);
  return {
    name,
    isDurable,
    async receive(origin, contents, services) {
      const valid = contents.filter((content) => isContent(content));
      if (valid.length > 0) await receive(origin, valid, services);
    },
  };
}

/** Whether a value is what a schema says; the schema is compiled once, for the first value. */
export function guardOf<Schema extends TSchema>(
  schema: Schema,
): (value: unknown) => value is Static<Schema> {
  let validator: Validator<{}, Schema> | undefined;
  return (value): value is Static<Schema> => (validator ??= Compile(schema)).Check(value);
}

/** The user ID, if it is one of this server, which may speak for nobody else. */
export function userOf(origin: ServerName, text: string): UserId | undefined {
  const userId = parseUserId(text);
  return userId !== undefined && serverNameOf(userId) === origin ? userId : undefined;
}
