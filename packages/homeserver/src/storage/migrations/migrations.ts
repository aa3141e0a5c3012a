import { kernel } from './0001-kernel.ts';
import { roomGraph } from './0002-room-graph.ts';
import { accounts } from './0003-accounts.ts';
import { ephemeral } from './0004-ephemeral.ts';
import { unread } from './0005-unread.ts';
import { sessions } from './0010-sessions.ts';
import { directory } from './0020-directory.ts';
import { media } from './0040-media.ts';
import { federation } from './0050-federation.ts';
import { urlPreviews } from './0060-url-previews.ts';
import { encryption } from './0070-encryption.ts';
import { relations } from './0080-relations.ts';
import { reports } from './0081-reports.ts';
import { notifications } from './0082-notifications.ts';
import { search } from './0083-search.ts';
import { userDirectory } from './0084-user-directory.ts';
import { scheduled } from './0085-scheduled.ts';
import { slidingSync } from './0090-sliding-sync.ts';
import { pushers } from './0100-pushers.ts';
import { threePids } from './0101-three-pids.ts';
import { outbox } from './0120-outbox.ts';
import { remoteDevices } from './0130-remote-devices.ts';
import { announcedDevices } from './0131-announced-devices.ts';
import { inbound } from './0140-inbound.ts';
import { outOfBand } from './0160-out-of-band.ts';
import { partialJoins } from './0170-partial-joins.ts';
import { applicationServices } from './0180-application-services.ts';
import { singleSignOn } from './0190-single-sign-on.ts';
import { dummyEvents } from './0200-dummy-events.ts';
import { waitingRelations } from './0201-waiting-relations.ts';
import { prunedRedactions } from './0210-pruned-redactions.ts';
import { activeUsers } from './0211-active-users.ts';
import { lateThreads } from './0220-late-threads.ts';
import { serviceMemberships } from './0221-service-memberships.ts';
import { serversPutOut } from './0230-servers-put-out.ts';
import { dueDeviceLists } from './0240-due-device-lists.ts';

/**
 * One forward step of the schema. Its text is SQL for both engines, with these words for what differs:
 * `{nid}` an integer primary key; `{bytes}` a byte string; `{without_rowid}` after a table whose primary key
 * is how it is stored; `{only_sqlite}`…`{end}` and `{only_postgres}`…`{end}` around what only one of them has.
 */
export interface Migration {
  readonly number: number;
  readonly name: string;
  readonly text: string;
}

/**
 * All steps, in the order in which they are applied; numbers may be left out. A step that has been released never
 * changes.
 */
export const migrations: readonly Migration[] = [
  { number: 1, name: 'kernel', text: kernel },
  { number: 2, name: 'room-graph', text: roomGraph },
  { number: 3, name: 'accounts', text: accounts },
  { number: 4, name: 'ephemeral', text: ephemeral },
  { number: 5, name: 'unread', text: unread },
  { number: 10, name: 'sessions', text: sessions },
  { number: 20, name: 'directory', text: directory },
  { number: 40, name: 'media', text: media },
  { number: 50, name: 'federation', text: federation },
  { number: 60, name: 'url-previews', text: urlPreviews },
  { number: 70, name: 'encryption', text: encryption },
  { number: 80, name: 'relations', text: relations },
  { number: 81, name: 'reports', text: reports },
  { number: 82, name: 'notifications', text: notifications },
  { number: 83, name: 'search', text: search },
  { number: 84, name: 'user-directory', text: userDirectory },
  { number: 85, name: 'scheduled', text: scheduled },
  { number: 90, name: 'sliding-sync', text: slidingSync },
  { number: 100, name: 'pushers', text: pushers },
  { number: 101, name: 'three-pids', text: threePids },
  { number: 120, name: 'outbox', text: outbox },
  { number: 130, name: 'remote-devices', text: remoteDevices },
  { number: 131, name: 'announced-devices', text: announcedDevices },
  { number: 140, name: 'inbound', text: inbound },
  { number: 160, name: 'out-of-band', text: outOfBand },
  { number: 170, name: 'partial-joins', text: partialJoins },
  { number: 180, name: 'application-services', text: applicationServices },
  { number: 190, name: 'single-sign-on', text: singleSignOn },
  { number: 200, name: 'dummy-events', text: dummyEvents },
  { number: 201, name: 'waiting-relations', text: waitingRelations },
  { number: 210, name: 'pruned-redactions', text: prunedRedactions },
  { number: 211, name: 'active-users', text: activeUsers },
  { number: 220, name: 'late-threads', text: lateThreads },
  { number: 221, name: 'service-memberships', text: serviceMemberships },
  { number: 230, name: 'servers-put-out', text: serversPutOut },
  { number: 240, name: 'due-device-lists', text: dueDeviceLists },
];
