import { randomInt } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';

import { MatrixError, invalidParam } from '../../errors/matrix-error.ts';
import type { Mailer } from '../../mail/mailer.ts';
import type { TemplateName } from '../../mail/template-texts.ts';
import { write } from '../../storage/database.ts';
import { hashOfToken, randomLetters } from '../access-token.ts';
import { canonicalEmail } from './canonical-email.ts';
import { CLIENT_SECRET, nextLinkLengthMax, sessionLifetimeMs } from './limits.ts';
import { readOwnerOfAddress } from './three-pid-store.ts';
import type { Address } from './three-pid-store.ts';
import { addressInUse, checkAllowed, checkChangesEnabled } from './three-pids.ts';
import type { ThreePids } from './three-pids.ts';
import {
  deleteOldSessionsStatements,
  putSessionStatements,
  readPendingSession,
} from './validation-session-store.ts';
import type { Purpose } from './validation-session-store.ts';

/** CS API, `requestToken` for a mail address. */
export interface ValidationRequest {
  readonly purpose: Purpose;
  readonly email: string;
  readonly clientSecret: string;
  readonly sendAttempt: number;
  readonly nextLink: string | undefined;
  /** Throws `429 M_LIMIT_EXCEEDED`. */
  countAttempt(address: string): void;
}

/** As Synapse: an address that nothing is sent to takes so long as well. */
const SILENT_MS_MIN = 100;
const SILENT_MS_MAX = 1_000;

const SESSION_LETTERS = 16;
const TOKEN_LETTERS = 32;

const templates: Readonly<Record<Purpose, TemplateName>> = {
  register: 'registration',
  password: 'password_reset',
  add: 'add_threepid',
};
/** Where the links of mails lead, as with Synapse. */
export const submitPaths = {
  register: '/_matrix/client/unstable/registration/email/submit_token',
  password: '/_synapse/client/password_reset/email/submit_token',
  add: '/_matrix/client/unstable/add_threepid/email/submit_token',
} as const satisfies Readonly<Record<Purpose, string>>;

/**
 * Sends a mail with a link that proves the address, and resolves to the session's ID. Asked again with the same or a
 * lower attempt it sends none. Throws `M_INVALID_PARAM`, `M_THREEPID_DENIED`, `M_THREEPID_IN_USE` and
 * `M_THREEPID_NOT_FOUND`, the last two only where the operator lets them be told.
 */
export async function requestValidation(
  threePids: ThreePids,
  request: ValidationRequest,
): Promise<string> {
  const { config } = threePids;
  const { purpose, clientSecret } = request;
  const mailer = usableMailer(threePids, purpose);
  if (!CLIENT_SECRET.test(clientSecret)) throw invalidParam('client_secret is not valid');
  const nextLink = checkedNextLink(request.nextLink, config.nextLinkDomains);
  const address: Address = { medium: 'email', address: canonicalEmail(request.email) };
  // Who forgot a password has the address already.
  if (purpose !== 'password') checkAllowed(config, address);
  request.countAttempt(address.address);
  const owner = await readOwnerOfAddress(threePids.accounts.database.reader, address);
  if ((owner === undefined) !== (purpose === 'password')) {
    return sendLink(threePids, mailer, { ...request, nextLink }, address);
  }
  if (!config.inhibitErrors) throw purpose === 'password' ? addressUnknown() : addressInUse();
  // Who asks must not tell by the time it takes either.
  await delay(randomInt(SILENT_MS_MIN, SILENT_MS_MAX));
  if (purpose === 'register') await mailer.send(alreadyInUse(mailer, address));
  return randomLetters(SESSION_LETTERS);
}

async function sendLink(
  { accounts, baseUrl }: ThreePids,
  mailer: Mailer,
  { purpose, clientSecret, sendAttempt, nextLink }: ValidationRequest,
  address: Address,
): Promise<string> {
  const { database } = accounts;
  const known = await readPendingSession(database.reader, address, clientSecret, purpose);
  if (known !== undefined && sendAttempt <= known.lastSendAttempt) return known.sessionId;
  const sessionId = known?.sessionId ?? randomLetters(SESSION_LETTERS);
  const token = randomLetters(TOKEN_LETTERS);
  const link = new URL(`${baseUrl.replace(/\/$/, '')}${submitPaths[purpose]}`);
  link.search = String(new URLSearchParams({ token, client_secret: clientSecret, sid: sessionId }));
  const { subjects, validationTokenLifetimeMs } = mailer.settings;
  const subject = purpose === 'password' ? subjects.passwordReset : subjects.emailValidation;
  const nowMs = accounts.now();
  // Before the mail, so that the link works as soon as it is read.
  await write(database, {
    statements: [
      ...deleteOldSessionsStatements(nowMs - sessionLifetimeMs),
      ...putSessionStatements(
        { sessionId, ...address, clientSecret, purpose, lastSendAttempt: sendAttempt },
        {
          tokenHash: hashOfToken(token),
          untilTs: nowMs + validationTokenLifetimeMs,
          nextLink: withSession(nextLink, sessionId),
        },
        nowMs,
      ),
    ],
    positions: 0,
  });
  await mailer.send({
    to: address.address,
    subject: mailer.fill(subject, {}),
    template: templates[purpose],
    values: { link: link.href },
  });
  return sessionId;
}

/** Who comes back from the mail in another window knows the session by it. */
function withSession(nextLink: string | undefined, sessionId: string): string | undefined {
  if (nextLink === undefined) return undefined;
  return `${nextLink}${nextLink.includes('?') ? '&' : '?'}sid=${encodeURIComponent(sessionId)}`;
}

function alreadyInUse(mailer: Mailer, { address }: Address) {
  const subject = mailer.fill(mailer.settings.subjects.emailValidation, {});
  return { to: address, subject, template: 'already_in_use', values: {} } as const;
}

function usableMailer({ mailer, config }: ThreePids, purpose: Purpose): Mailer {
  if (purpose === 'add') checkChangesEnabled(config);
  if (mailer !== undefined) return mailer;
  const errcode = purpose === 'add' ? 'M_THREEPID_MEDIUM_NOT_SUPPORTED' : 'M_UNKNOWN';
  throw new MatrixError(400, errcode, 'This server sends no mail');
}

function addressUnknown(): MatrixError {
  return new MatrixError(400, 'M_THREEPID_NOT_FOUND', 'The address was not found');
}

/** CS API: a link may lead anywhere on the web that the operator allows, and nowhere else. */
function checkedNextLink(
  nextLink: string | undefined,
  domains: readonly string[] | undefined,
): string | undefined {
  if (nextLink === undefined) return undefined;
  const url = URL.parse(nextLink);
  const isWeb = url?.protocol === 'https:' || url?.protocol === 'http:';
  const isAllowed = domains === undefined || domains.includes(url?.hostname ?? '');
  if (url === null || !isWeb || !isAllowed || url.href.length > nextLinkLengthMax) {
    throw invalidParam('next_link is not http(s), or leads where this server leads nobody');
  }
  // As it is understood, not as it was written: that could hold another line of the answer's head.
  return url.href;
}
