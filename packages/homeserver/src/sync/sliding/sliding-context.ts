import type { JsonObject } from '@soma/protocol';

import type { Viewer } from '../../rooms/viewer.ts';
import type { Reader } from '../../storage/sql.ts';
import type { SyncContext } from '../sync-context.ts';
import { Connections } from './connection.ts';
import { RoomLists } from './room-list.ts';
import { SpaceChildren } from './space-children.ts';
import { UserMarks } from './user-marks.ts';

/** What an extension answers, and whether a client need not wait for more. */
export interface ExtensionAnswer {
  readonly hasNews: boolean;
  readonly body: JsonObject;
}

/** What end-to-end encryption tells a device; handed in at composition. */
export interface EncryptionExtensions {
  /** The device has the messages up to and with this `since`, which may be forgotten. */
  acknowledge(viewer: Viewer, since: string): Promise<void>;
  /** The `to_device` extension, as it is answered (MSC3885). */
  toDevice(
    reader: Reader,
    viewer: Viewer,
    question: { readonly since: string | undefined; readonly limit: number },
    upTo: number,
  ): Promise<ExtensionAnswer>;
  /** The `e2ee` extension (MSC3884) of what came above `since`; undefined for a device that begins. */
  e2ee(
    reader: Reader,
    viewer: Viewer,
    since: number | undefined,
    upTo: number,
  ): Promise<ExtensionAnswer>;
}

/** What simplified sliding sync works with; one per process. */
export interface SlidingContext {
  readonly sync: SyncContext;
  readonly lists: RoomLists;
  readonly marks: UserMarks;
  readonly spaces: SpaceChildren;
  readonly connections: Connections;
  /** Without it the extensions `to_device` and `e2ee` are left out. */
  readonly encryption: EncryptionExtensions | undefined;
}

export function openSlidingContext(
  sync: SyncContext,
  encryption?: EncryptionExtensions,
): SlidingContext {
  return {
    sync,
    lists: new RoomLists(sync.recent),
    marks: new UserMarks(sync),
    spaces: new SpaceChildren(sync),
    connections: new Connections(),
    encryption,
  };
}
