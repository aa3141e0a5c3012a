import { html } from '../../html/html.ts';
import type { Html } from '../../html/html.ts';
import type { Mail, Mailer } from '../../mail/mailer.ts';
import { mailedMessagesMax, mailedRoomsMax } from './limits.ts';
import type { Pusher } from './pusher-store.ts';

/** What a mail tells of one room. */
export interface MailedRoom {
  readonly roomId: string;
  /** Undefined where the room has none but that of who writes. */
  readonly name: string | undefined;
  readonly isInvitation: boolean;
  /** Oldest first, at least one. */
  readonly messages: readonly MailedMessage[];
}

export interface MailedMessage {
  readonly eventId: string;
  readonly sender: string;
  readonly text: string;
}

interface MailContents {
  /** The one whose newest event is the oldest first. */
  readonly rooms: readonly MailedRoom[];
  /** Of the reader. */
  readonly displayName: string;
  readonly unsubscribeLink: string;
}

/** The mail about what a user has not read. */
export function notificationMail(mailer: Mailer, pusher: Pusher, contents: MailContents): Mail {
  const { rooms, displayName, unsubscribeLink } = contents;
  const summary = summaryOf(mailer, rooms);
  const shown = rooms.slice(0, mailedRoomsMax);
  const { clientBaseUrl } = mailer.settings;
  return {
    to: pusher.pushkey,
    subject: summary,
    template: 'notif_mail',
    values: {
      user_display_name: displayName,
      summary_text: summary,
      rooms: {
        html: shown.map((room) => roomHtml(room, clientBaseUrl).text).join(''),
        text: shown.map((room) => roomText(room, clientBaseUrl)).join('\n'),
      },
      unsubscribe_link: unsubscribeLink,
    },
    headers: {
      'List-Unsubscribe': `<${unsubscribeLink}>`,
      // RFC 8058: mail programs offer it as a button.
      'List-Unsubscribe-Post': 'List-Unsubscribe=One-Click',
    },
  };
}

/** As Synapse chooses among its subjects. */
function summaryOf(mailer: Mailer, rooms: readonly MailedRoom[]): string {
  const { subjects } = mailer.settings;
  const [first] = rooms;
  if (first === undefined) throw new Error('a mail about nothing');
  const senders = (of: readonly MailedRoom[]): string =>
    [...new Set(of.flatMap(({ messages }) => messages.map(({ sender }) => sender)))].join(', ');
  if (rooms.length > 1) {
    const named = rooms.find(({ name }) => name !== undefined);
    return named?.name === undefined
      ? mailer.fill(subjects.messagesFromPersonAndOthers, { person: senders([first]) })
      : mailer.fill(subjects.messagesInRoomAndOthers, { room: named.name });
  }
  const { name: room, isInvitation, messages } = first;
  const person = senders([first]);
  if (isInvitation) {
    return room === undefined
      ? mailer.fill(subjects.inviteFromPerson, { person })
      : mailer.fill(subjects.inviteFromPersonToRoom, { person, room });
  }
  if (room === undefined) {
    const { messageFromPerson, messagesFromPerson } = subjects;
    return mailer.fill(messages.length === 1 ? messageFromPerson : messagesFromPerson, { person });
  }
  return messages.length === 1
    ? mailer.fill(subjects.messageFromPersonInRoom, { person, room })
    : mailer.fill(subjects.messagesInRoom, { room });
}

function roomHtml(room: MailedRoom, clientBaseUrl: string): Html {
  const lines = newest(room).map(
    ({ sender, text }) => html`<p style="margin: 4px 0"><b>${sender}</b>: ${text}</p>`,
  );
  return html`<h2 style="font-size: 1.1em">
      <a href="${linkTo(room, clientBaseUrl)}">${titleOf(room)}</a>
    </h2>
    ${lines} `;
}

function roomText(room: MailedRoom, clientBaseUrl: string): string {
  const lines = newest(room).map(({ sender, text }) => `  ${sender}: ${text}`);
  return [titleOf(room), linkTo(room, clientBaseUrl), ...lines, ''].join('\n');
}

function newest({ messages }: MailedRoom): readonly MailedMessage[] {
  return messages.slice(-mailedMessagesMax);
}

function titleOf({ name, messages }: MailedRoom): string {
  return name ?? messages[0]?.sender ?? '';
}

function linkTo({ roomId, isInvitation, messages }: MailedRoom, clientBaseUrl: string): string {
  const place = clientBaseUrl === 'https://matrix.to' ? '/#/' : '/#/room/';
  const event = isInvitation ? '' : `/${encodeURIComponent(messages[0]?.eventId ?? '')}`;
  return `${clientBaseUrl}${place}${encodeURIComponent(roomId)}${event}`;
}
