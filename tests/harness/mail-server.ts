import type { AddressInfo } from 'node:net';

import { SMTPServer } from 'smtp-server';

/** A mail that came in, decoded. */
export interface ReceivedMail {
  readonly to: readonly string[];
  /** By name in lower case, unfolded. */
  readonly headers: ReadonlyMap<string, string>;
  readonly text: string;
  readonly html: string;
}

/** An SMTP server that the test plays. */
export interface MailServer {
  readonly port: number;
  readonly mails: ReceivedMail[];
  /** Refuses every mail while it is true. */
  refuses: boolean;
  /** The mails to an address, once there are so many; fails after a while. */
  until(to: string, count: number): Promise<ReceivedMail[]>;
  close(): Promise<void>;
}

const PATIENCE_MS = 15_000;

export async function startMailServer(): Promise<MailServer> {
  const mails: ReceivedMail[] = [];
  const listeners = new Set<() => void>();
  const smtp = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS', 'AUTH'],
    onData(stream, session, done) {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', () => {
        if (server.refuses) {
          done(new Error('no mail today'));
          return;
        }
        const to = session.envelope.rcptTo.map(({ address }) => address);
        mails.push({ to, ...decodeMail(Buffer.concat(chunks).toString('latin1')) });
        done();
        for (const listener of listeners) listener();
      });
    },
  });
  await new Promise<void>((resolve) => {
    smtp.listen(0, '127.0.0.1', resolve);
  });
  const { port } = smtp.server.address() as AddressInfo;
  const server: MailServer = {
    port,
    mails,
    refuses: false,
    until: (to, count) =>
      new Promise((resolve, reject) => {
        const check = (): void => {
          const found = mails.filter((mail) => mail.to.includes(to));
          if (found.length < count) return;
          clearTimeout(timer);
          listeners.delete(check);
          resolve(found);
        };
        const timer = setTimeout(() => {
          listeners.delete(check);
          reject(new Error(`not ${count} mails to ${to}, of ${JSON.stringify(mails)}`));
        }, PATIENCE_MS);
        listeners.add(check);
        check();
      }),
    close: () =>
      new Promise((resolve) => {
        smtp.close(() => resolve());
      }),
  };
  return server;
}

/** Enough of RFC 5322 and RFC 2045 for what nodemailer writes. */
function decodeMail(raw: string): Omit<ReceivedMail, 'to'> {
  const { headers, body } = splitHead(raw);
  const boundary = /boundary="([^"]+)"/.exec(headers.get('content-type') ?? '')?.[1];
  const parts = boundary === undefined ? [raw] : body.split(`--${boundary}`).slice(1, -1);
  const contentOf = (type: string): string => {
    for (const part of parts.map((each) => splitHead(each.replace(/^\r\n/, '')))) {
      if (part.headers.get('content-type')?.startsWith(type) !== true) continue;
      return decodeBody(part.body, part.headers.get('content-transfer-encoding') ?? '7bit');
    }
    return '';
  };
  return { headers, text: contentOf('text/plain'), html: contentOf('text/html') };
}

function splitHead(raw: string): { headers: Map<string, string>; body: string } {
  const end = raw.indexOf('\r\n\r\n');
  const lines = raw
    .slice(0, end)
    .replaceAll(/\r\n[ \t]+/g, ' ')
    .split('\r\n');
  const headers = new Map(
    lines.map((line): [string, string] => {
      const colon = line.indexOf(':');
      return [line.slice(0, colon).toLowerCase(), decodeWords(line.slice(colon + 1).trim())];
    }),
  );
  return { headers, body: raw.slice(end + 4) };
}

function decodeWords(text: string): string {
  return text.replaceAll(/=\?utf-8\?([qb])\?([^?]*)\?=\s*/gi, (_, encoding: string, word: string) =>
    encoding.toLowerCase() === 'b'
      ? Buffer.from(word, 'base64').toString()
      : quotedPrintable(word.replaceAll('_', ' ')),
  );
}

function decodeBody(body: string, encoding: string): string {
  if (encoding === 'base64') return Buffer.from(body, 'base64').toString();
  return encoding === 'quoted-printable' ? quotedPrintable(body) : body;
}

function quotedPrintable(text: string): string {
  const bytes = text
    .replaceAll(/=\r\n/g, '')
    .replaceAll(/=([0-9A-F]{2})/gi, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)));
  return Buffer.from(bytes, 'latin1').toString();
}
