import type { Transporter } from 'nodemailer';

import type { MailSettings } from '../config/config.ts';
import type { MailTemplates, MailValue } from './mail-templates.ts';
import type { TemplateName } from './template-texts.ts';

/** What is sent to whom. */
export interface Mail {
  readonly to: string;
  readonly subject: string;
  readonly template: TemplateName;
  /** By their name in the template. What is no piece of HTML is escaped there. */
  readonly values: Readonly<Record<string, MailValue>>;
  readonly headers?: Readonly<Record<string, string>>;
}

const TIMEOUT_MS = 30_000;

/** Sends mail through the operator's server. */
export class Mailer {
  readonly settings: MailSettings;
  readonly #serverName: string;
  readonly #templates: MailTemplates;
  #transport: Promise<Transporter> | undefined;

  constructor(settings: MailSettings, serverName: string, templates: MailTemplates) {
    this.settings = settings;
    this.#serverName = serverName;
    this.#templates = templates;
  }

  /** Resolves when the operator's server has taken the mail; throws where it did not. */
  async send(mail: Mail): Promise<void> {
    const { appName } = this.settings;
    const values = { app_name: appName, server_name: this.#serverName, ...mail.values };
    const { html, text } = this.#templates.render(mail.template, values);
    const transport = await (this.#transport ??= openTransport(this.settings));
    await transport.sendMail({
      from: this.fill(this.settings.notifFrom, {}),
      to: { name: '', address: mail.to },
      subject: mail.subject,
      html,
      text,
      headers: { ...mail.headers },
    });
  }

  /** Replaces `%(name)s` in a subject; the app and the server are known. */
  fill(subject: string, values: Readonly<Record<string, string>>): string {
    const all = new Map(
      Object.entries({ app: this.settings.appName, server_name: this.#serverName, ...values }),
    );
    return subject.replaceAll(/%\((\w+)\)s/g, (whole, name: string) => all.get(name) ?? whole);
  }

  close(): void {
    void this.#transport?.then((transport) => transport.close());
  }
}

/** The library comes with the first mail: a server that has sent none does not pay for it in memory. */
async function openTransport(settings: MailSettings): Promise<Transporter> {
  const { createTransport } = await import('nodemailer');
  const { smtpHost, smtpPort, smtpUser, smtpPass, forceTls, tlsName } = settings;
  return createTransport({
    host: smtpHost,
    port: smtpPort ?? (forceTls ? 465 : 25),
    secure: forceTls,
    requireTLS: settings.requireTransportSecurity,
    ignoreTLS: !settings.enableTls,
    ...(smtpUser === undefined ? {} : { auth: { user: smtpUser, pass: smtpPass ?? '' } }),
    ...(tlsName === undefined ? {} : { tls: { servername: tlsName } }),
    connectionTimeout: TIMEOUT_MS,
    greetingTimeout: TIMEOUT_MS,
    socketTimeout: TIMEOUT_MS,
    // A mail is made of texts alone: nothing in it may name a file or an address to fetch.
    disableFileAccess: true,
    disableUrlAccess: true,
  });
}
