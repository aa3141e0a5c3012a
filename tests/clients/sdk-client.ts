import {
  ClientEvent,
  createClient,
  EventTimeline,
  MatrixError,
  type ICreateClientOpts,
  type LoginResponse,
  type MatrixClient,
  type MatrixEvent,
  type Room,
} from 'matrix-js-sdk';
import { logger as rootLogger, type Logger } from 'matrix-js-sdk/lib/logger.js';

import { testPassword } from '../harness/client.ts';

const quiet: Logger = {
  trace: () => {},
  debug: () => {},
  info: () => {},
  warn: () => {},
  error: () => {},
  getChild: () => quiet,
};

// Parts of the SDK log through the root logger, whatever logger the client is given.
Object.assign(rootLogger, quiet, { log: quiet.debug });

// The SDK never clears the timer that it gives each poll; without this the process stays for two minutes.
const startTimer = globalThis.setTimeout;
Object.defineProperty(globalThis, 'setTimeout', {
  value: (...given: Parameters<typeof startTimer>) => startTimer(...given).unref(),
});

/** A user of matrix-js-sdk that is started and has had its first sync. */
export interface SdkClient {
  readonly client: MatrixClient;
  readonly userId: string;
  /** Resolves once the condition holds, which is looked at after every sync. */
  until(condition: () => boolean): Promise<void>;
  /** As `until`, for something that is not there yet. */
  untilFound<T>(find: () => T | null | undefined): Promise<T>;
  /** The room, once the client is in it as told. */
  roomAs(roomId: string, membership: string): Promise<Room>;
  /** The room's event, once it has come with a sync. */
  event(roomId: string, eventId: string): Promise<MatrixEvent>;
  close(): void;
}

/** Registers through the interactive flow, logs in on another device and starts to sync there. */
export async function openSdkClient(
  server: { readonly url: string },
  localpart: string,
): Promise<SdkClient> {
  await register(server.url, localpart);
  return start(await logInClient(server.url, localpart));
}

/**
 * Logs in on a new device, with the encryption of the Rust SDK, and starts to sync there. Its keys are in memory.
 *
 * @param isNew whether the user is registered first
 */
export async function openCryptoClient(
  server: { readonly url: string },
  localpart: string,
  isNew: boolean,
  cryptoCallbacks: NonNullable<ICreateClientOpts['cryptoCallbacks']> = {},
): Promise<SdkClient> {
  if (isNew) await register(server.url, localpart);
  const client = await logInClient(server.url, localpart, { cryptoCallbacks });
  await client.initRustCrypto({ useIndexedDB: false });
  return start(client);
}

async function logInClient(
  baseUrl: string,
  localpart: string,
  options: Partial<ICreateClientOpts> = {},
): Promise<MatrixClient> {
  const login = await logIn(baseUrl, localpart);
  return createClient({
    baseUrl,
    logger: quiet,
    userId: login.user_id,
    accessToken: login.access_token,
    deviceId: login.device_id,
    ...options,
  });
}

async function start(client: MatrixClient): Promise<SdkClient> {
  const opened = wrap(client, client.getSafeUserId());
  await client.startClient({ lazyLoadMembers: true, initialSyncLimit: 10, disablePresence: true });
  await opened.until(() => client.isInitialSyncComplete());
  return opened;
}

/** The first request is answered with the flows, the second one goes through the dummy stage. */
async function register(baseUrl: string, username: string): Promise<void> {
  const client = createClient({ baseUrl, logger: quiet });
  const account = { username, password: testPassword };
  const session = await client.registerRequest(account).then(
    () => {
      throw new Error('registration asked for no authentication');
    },
    (error: unknown) => {
      if (error instanceof MatrixError && error.httpStatus === 401)
        return String(error.data['session']);
      throw error;
    },
  );
  await client.registerRequest({ ...account, auth: { type: 'm.login.dummy', session } });
}

function logIn(baseUrl: string, user: string): Promise<LoginResponse> {
  return createClient({ baseUrl, logger: quiet }).loginRequest({
    type: 'm.login.password',
    identifier: { type: 'm.id.user', user },
    password: testPassword,
  });
}

function wrap(client: MatrixClient, userId: string): SdkClient {
  const untilFound = <T>(find: () => T | null | undefined): Promise<T> =>
    new Promise((resolve) => {
      const look = (): void => {
        const found = find() ?? undefined;
        if (found === undefined) return;
        client.off(ClientEvent.Sync, look);
        resolve(found);
      };
      client.on(ClientEvent.Sync, look);
      look();
    });
  return {
    client,
    userId,
    untilFound,
    until: async (condition) => void (await untilFound(() => (condition() ? true : undefined))),
    roomAs: (roomId, membership) =>
      untilFound(() => {
        const room = client.getRoom(roomId);
        return room?.getMyMembership() === membership ? room : undefined;
      }),
    event: (roomId, eventId) => untilFound(() => client.getRoom(roomId)?.findEventById(eventId)),
    close: () => client.stopClient(),
  };
}

/** The content of a state event as the client has it now. */
export function stateContent(room: Room, type: string, stateKey = ''): unknown {
  const state = room.getLiveTimeline().getState(EventTimeline.FORWARDS);
  return state?.getStateEvents(type, stateKey)?.getContent();
}

/** The texts of the messages in the client's live timeline. */
export function textsIn(room: Room): string[] {
  return room
    .getLiveTimeline()
    .getEvents()
    .filter((event) => event.getType() === 'm.room.message')
    .map((event) => String(event.getContent()['body']));
}
