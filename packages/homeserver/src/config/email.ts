import { convert, object } from './schema/compounds.ts';
import { fileOption, option } from './schema/option.ts';
import { flag, integer, path, secret, text } from './schema/scalars.ts';
import { section } from './schema/section.ts';
import type { SectionValue } from './schema/section.ts';
import { duration } from './schema/units.ts';
import type { Option } from './schema/value-type.ts';

/** Undefined where no mail is sent. */
export type EmailConfig = SectionValue<typeof emailSection>;
export type MailSettings = NonNullable<EmailConfig['mail']>;

const PERSON = '`%(person)s` is who wrote';
const ROOM = '`%(room)s` the room';

function subject(name: string, standard: string, about: string): Option<string> {
  return option({ name, valueType: text(), default: standard, description: about });
}

const subjects = object({
  messageFromPersonInRoom: subject(
    'message_from_person_in_room',
    '[%(app)s] You have a message on %(app)s from %(person)s in the %(room)s room...',
    `One message in a room; ${PERSON}, ${ROOM}.`,
  ),
  messageFromPerson: subject(
    'message_from_person',
    '[%(app)s] You have a message on %(app)s from %(person)s...',
    `One message; ${PERSON}.`,
  ),
  messagesFromPerson: subject(
    'messages_from_person',
    '[%(app)s] You have messages on %(app)s from %(person)s...',
    `Several messages of one person; ${PERSON}.`,
  ),
  messagesInRoom: subject(
    'messages_in_room',
    '[%(app)s] You have messages on %(app)s in the %(room)s room...',
    `Several messages in one room; ${ROOM}.`,
  ),
  messagesInRoomAndOthers: subject(
    'messages_in_room_and_others',
    '[%(app)s] You have messages on %(app)s in the %(room)s room and others...',
    `Messages in several rooms; ${ROOM}.`,
  ),
  messagesFromPersonAndOthers: subject(
    'messages_from_person_and_others',
    '[%(app)s] You have messages on %(app)s from %(person)s and others...',
    `Messages of several people; ${PERSON}.`,
  ),
  inviteFromPersonToRoom: subject(
    'invite_from_person_to_room',
    '[%(app)s] %(person)s has invited you to join the %(room)s room on %(app)s...',
    `An invitation; ${PERSON}, ${ROOM}.`,
  ),
  inviteFromPerson: subject(
    'invite_from_person',
    '[%(app)s] %(person)s has invited you to chat on %(app)s...',
    `An invitation to talk; ${PERSON}.`,
  ),
  passwordReset: subject(
    'password_reset',
    '[%(server_name)s] Password reset',
    'With the link that allows a new password; `%(server_name)s` is the server.',
  ),
  emailValidation: subject(
    'email_validation',
    '[%(server_name)s] Validate your email',
    'With the link that proves an address; `%(server_name)s` is the server.',
  ),
});

const httpUrl = text('an http:// or https:// address', (value) => /^https?:\/\/[^/]/.test(value), {
  format: 'uri',
});

const mail = object({
  smtpHost: option({
    name: 'smtp_host',
    valueType: text('a host name'),
    default: 'localhost',
    description: 'The server that takes the mail.',
  }),
  smtpPort: option({
    name: 'smtp_port',
    valueType: integer(1, 65_535, 'a port'),
    description: 'Its port; 465 with `force_tls` and 25 otherwise when it is left out.',
  }),
  smtpUser: option({
    name: 'smtp_user',
    valueType: text(),
    description: 'The name to log in there with; without it nobody logs in.',
  }),
  smtpPass: fileOption({
    name: 'smtp_pass',
    valueType: secret,
    description: 'The password that belongs to `smtp_user`.',
  }),
  forceTls: option({
    name: 'force_tls',
    valueType: flag,
    default: false,
    description: 'Whether the connection is encrypted from its first byte, not by STARTTLS.',
  }),
  requireTransportSecurity: option({
    name: 'require_transport_security',
    valueType: flag,
    default: false,
    description: 'Whether mail is only sent encrypted.',
  }),
  enableTls: option({
    name: 'enable_tls',
    valueType: flag,
    default: true,
    description: 'Whether the connection is encrypted where the server offers STARTTLS.',
  }),
  tlsName: option({
    name: 'tlsname',
    valueType: text('a host name'),
    description: 'The name that the certificate must be for; `smtp_host` when it is left out.',
  }),
  notifFrom: option({
    name: 'notif_from',
    valueType: text('an address with an @', (value) => value.includes('@')),
    required: true,
    description: 'Whom mails are from; `%(app)s` is `app_name`.',
  }),
  appName: option({
    name: 'app_name',
    valueType: text(),
    default: 'Matrix',
    description: 'What mails call the app.',
  }),
  enableNotifs: option({
    name: 'enable_notifs',
    valueType: flag,
    default: false,
    description: 'Whether users can have unread messages told by mail.',
  }),
  notifForNewUsers: option({
    name: 'notif_for_new_users',
    valueType: flag,
    default: true,
    description: 'Whether who registers with an address has that from the start.',
  }),
  notifDelayBeforeMailMs: option({
    name: 'notif_delay_before_mail',
    valueType: duration,
    default: '10m',
    description: 'How long a message must be unread before a mail tells of it.',
  }),
  clientBaseUrl: option({
    name: 'client_base_url',
    valueType: convert(httpUrl, (value) => value.replace(/\/$/, '')),
    default: 'https://matrix.to',
    description: 'Where links in mails lead: to `<address>/#/<room or user>`.',
    differs:
      'With another address than https://matrix.to Synapse adds `/#/room/`; Soma does the same.',
  }),
  validationTokenLifetimeMs: option({
    name: 'validation_token_lifetime',
    valueType: duration,
    default: '1h',
    description: 'How long the link in a mail that proves an address is good.',
  }),
  inviteClientLocation: option({
    name: 'invite_client_location',
    valueType: httpUrl,
    description: 'The client that an identity server names in the invitations it mails.',
  }),
  subjects: option({
    name: 'subjects',
    valueType: subjects,
    default: {},
    description: 'What stands above mails; `%(app)s` is `app_name` in all of them.',
  }),
});

const templates = object({
  customTemplateDirectory: option({
    name: 'custom_template_directory',
    valueType: path,
    description:
      'A folder with files that replace the texts of mails: `password_reset`, `registration`, ' +
      '`add_threepid`, `already_in_use` and `notif_mail`, each with `.html` and `.txt`. ' +
      '`{{ name }}` is replaced, escaped in HTML.',
  }),
});

export const emailSection = section(
  'Mail',
  {
    mail: option({
      name: 'email',
      valueType: mail,
      description: 'How the server sends mail. Without it, it sends none.',
      example: { smtp_host: 'mail.example.org', notif_from: '%(app)s <noreply@example.org>' },
    }),
    templates: option({
      name: 'templates',
      valueType: templates,
      default: {},
      description: 'Texts of the operator in place of those that Soma brings.',
      differs:
        'Only `{{ name }}` is understood of the language of templates, and only mails have any; a ' +
        'file with more in it is named in a warning and not used.',
    }),
  },
  ({ mail: values, templates: { customTemplateDirectory } }) => ({
    mail: values,
    customTemplateDirectory,
  }),
);
