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
  /** A device list was marked to be fetched. */
  readonly resyncSoon: () => void;
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

/** A type whose contents are checked against a schema, which is compiled once, by the first of them. */
export function eduType<Schema extends TSchema>({
  name,
  isDurable,
  schema,
  receive,
}: EduTypeDefinition<Schema>): EduType {
  let validator: Validator<{}, Schema> | undefined;
  return {
    name,
    isDurable,
    async receive(origin, contents, services) {
      const check = (validator ??= Compile(schema));
      const valid = contents.filter((content): content is Static<Schema> & JsonValue =>
        check.Check(content),
      );
      if (valid.length > 0) await receive(origin, valid, services);
    },
  };
}

/** The user ID, if it is one of this server, which may speak for nobody else. */
export function userOf(origin: ServerName, text: string): UserId | undefined {
  const userId = parseUserId(text);
  return userId !== undefined && serverNameOf(userId) === origin ? userId : undefined;
}
