import type { Viewer } from '../../rooms/viewer.ts';
import type { RoomParameters } from './room-config.ts';

/** Which rooms a list shows; what is absent is not asked. */
export interface ListFilters {
  readonly isDm: boolean | undefined;
  readonly spaces: readonly string[] | undefined;
  readonly isEncrypted: boolean | undefined;
  readonly isInvite: boolean | undefined;
  /** null is a room without a type. */
  readonly roomTypes: readonly (string | null)[] | undefined;
  readonly notRoomTypes: readonly (string | null)[] | undefined;
  readonly tags: readonly string[] | undefined;
  readonly notTags: readonly string[] | undefined;
  /** A part of the room's name, whatever its case. */
  readonly nameLike: string | undefined;
}

export interface ListRequest extends RoomParameters {
  /** Both ends are in it; undefined for all rooms. */
  readonly ranges: readonly (readonly [first: number, last: number])[] | undefined;
  readonly filters: ListFilters | undefined;
}

/** For which rooms an extension is asked; undefined for all that the lists and subscriptions show. */
export interface ExtensionScope {
  readonly lists: readonly string[] | undefined;
  readonly rooms: readonly string[] | undefined;
}

/** An extension that is not asked for is absent. */
export interface ExtensionRequests {
  readonly toDevice: { readonly since: string | undefined; readonly limit: number } | undefined;
  readonly e2ee: boolean;
  readonly accountData: ExtensionScope | undefined;
  readonly receipts: ExtensionScope | undefined;
  readonly typing: ExtensionScope | undefined;
  readonly threadSubscriptions: { readonly limit: number } | undefined;
}

/** What a client asks of simplified sliding sync (MSC4186). */
export interface SlidingRequest {
  readonly viewer: Viewer;
  readonly connId: string;
  readonly pos: string | undefined;
  readonly timeoutMs: number;
  readonly lists: ReadonlyMap<string, ListRequest>;
  readonly subscriptions: ReadonlyMap<string, RoomParameters>;
  readonly extensions: ExtensionRequests;
  readonly signal: AbortSignal;
}
