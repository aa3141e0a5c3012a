import { presenceDevicesMax } from './limits.ts';

export type PresenceState = 'online' | 'unavailable' | 'offline';

/** After how long presence changes by itself. */
export interface PresenceTimes {
  /** Without activity, somebody online is shown as unavailable. */
  readonly idleTimeoutMs: number;
  /** Without a sync, a device counts as gone. */
  readonly syncOnlineTimeoutMs: number;
  /** So long after an activity somebody is "currently active". */
  readonly lastActiveGranularityMs: number;
}

interface Device {
  state: PresenceState;
  /** Syncs under way. */
  syncs: number;
  seenTs: number;
  activeTs: number;
}

/** What a user's devices do and say, and the presence that follows from it. Times are in ms since the Unix epoch. */
export class PresenceDevices {
  readonly #times: PresenceTimes;
  readonly #devices = new Map<number, Device>();
  /** When the user last did something, on whichever device. */
  lastActiveTs: number | undefined;

  constructor(times: PresenceTimes) {
    this.#times = times;
  }

  set(deviceNid: number, state: PresenceState, now: number): void {
    const device = this.#device(deviceNid, now);
    device.seenTs = now;
    device.state = state;
    // To come online is an activity; to stay so is not.
    if (state === 'online') this.#bump(device, now);
  }

  syncStarts(deviceNid: number, state: PresenceState, now: number): void {
    const device = this.#device(deviceNid, now);
    device.syncs += 1;
    device.seenTs = now;
    if (device.state === state) return;
    device.state = state;
    if (state === 'online') this.#bump(device, now);
  }

  syncEnds(deviceNid: number, now: number): void {
    const device = this.#devices.get(deviceNid);
    if (device === undefined) return;
    device.syncs = Math.max(0, device.syncs - 1);
    device.seenTs = now;
  }

  active(deviceNid: number, now: number): void {
    this.lastActiveTs = now;
    const device = this.#devices.get(deviceNid);
    if (device === undefined) return;
    device.activeTs = now;
    if (device.state === 'unavailable') device.state = 'online';
  }

  /** The most present of the devices decides. */
  at(now: number): { state: PresenceState; isActive: boolean } {
    let state: PresenceState = 'offline';
    for (const [deviceNid, device] of this.#devices) {
      if (device.syncs === 0 && now - device.seenTs >= this.#times.syncOnlineTimeoutMs) {
        this.#devices.delete(deviceNid);
        continue;
      }
      const shown = this.#shown(device, now);
      if (shown === 'online' || state === 'offline') state = shown;
    }
    const sinceActiveMs = now - (this.lastActiveTs ?? Number.NEGATIVE_INFINITY);
    const isActive = state === 'online' && sinceActiveMs < this.#times.lastActiveGranularityMs;
    return { state, isActive };
  }

  #shown({ state, activeTs }: Device, now: number): PresenceState {
    const isIdle = state === 'online' && now - activeTs >= this.#times.idleTimeoutMs;
    return isIdle ? 'unavailable' : state;
  }

  #bump(device: Device, now: number): void {
    device.activeTs = now;
    this.lastActiveTs = now;
  }

  #device(deviceNid: number, now: number): Device {
    const known = this.#devices.get(deviceNid);
    if (known !== undefined) return known;
    const [oldest] = this.#devices.keys();
    if (this.#devices.size >= presenceDevicesMax && oldest !== undefined) {
      this.#devices.delete(oldest);
    }
    const device: Device = { state: 'offline', syncs: 0, seenTs: now, activeTs: now };
    this.#devices.set(deviceNid, device);
    return device;
  }
}
