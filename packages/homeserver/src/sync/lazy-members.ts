import { boundedCache } from '../storage/bounded-cache.ts';

/** Devices and rooms for which it is remembered which members were sent. */
const ENTRIES_MAX = 20_000;
const MEMBERS_MAX = 1_000;

/**
 * Which member events a device was sent in which room (CS API, "Lazy-loading room members"), so that they are not
 * repeated. An entry counts only once the client has shown, by its `since`, that the response arrived.
 */
export class LazyMembers {
  /** Per device and room: user nid → (event nid, position of the response that carried it). */
  readonly #sent = boundedCache<string, Map<number, { eventNid: number; position: number }>>(
    ENTRIES_MAX,
  );

  wasSent(
    deviceNid: number,
    roomNid: number,
    stateKeyNid: number,
    eventNid: number,
    since: number,
  ): boolean {
    const sent = this.#sent.get(`${deviceNid}:${roomNid}`)?.get(stateKeyNid);
    return sent !== undefined && sent.eventNid === eventNid && sent.position <= since;
  }

  remember(
    deviceNid: number,
    roomNid: number,
    stateKeyNid: number,
    eventNid: number,
    position: number,
  ): void {
    const key = `${deviceNid}:${roomNid}`;
    const members = this.#sent.get(key) ?? new Map();
    const before = members.get(stateKeyNid);
    // A response that was lost is asked for again: the earlier position stays the one that must be confirmed.
    if (before?.eventNid === eventNid && before.position <= position) return;
    if (members.size >= MEMBERS_MAX) members.clear();
    members.set(stateKeyNid, { eventNid, position });
    this.#sent.set(key, members);
  }

  /** Forgets a device's members: an initial sync starts from nothing. */
  forget(deviceNid: number, roomNid: number): void {
    this.#sent.delete(`${deviceNid}:${roomNid}`);
  }
}
