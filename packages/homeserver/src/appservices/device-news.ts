import type { JsonObject } from '@soma/protocol';

import { readDeviceListsChanged } from '../e2ee/device-list-store.ts';
import { readOneTimeKeyCounts, readUnusedFallbackTypes } from '../e2ee/one-time-key-store.ts';
import type { InternedNames } from '../storage/names-store.ts';
import type { Reader, Statement } from '../storage/sql.ts';
import type { ApplicationService } from './application-service.ts';
import {
  endToldStatement,
  readAddressedMessages,
  readDevicesWithKeys,
  readMembersWithKeys,
} from './device-news-store.ts';
import { keyCountUsersMax } from './limits.ts';
import type { RoomInterest } from './room-interest.ts';

/** Whose changes in which stretch of the log are asked for. */
export interface DeviceQuestion {
  readonly reader: Reader;
  readonly above: number;
  readonly upTo: number;
}

export interface MessagesToDevices {
  readonly events: readonly JsonObject[];
  readonly userNids: readonly number[];
  /** Ends that they wait for the devices. */
  readonly statements: readonly Statement[];
}

/** What encryption needs beside events, for a service that has devices. */
export class DeviceNews {
  readonly #service: ApplicationService;
  readonly #interest: RoomInterest;
  readonly #names: InternedNames;

  constructor(service: ApplicationService, interest: RoomInterest, names: InternedNames) {
    this.#service = service;
    this.#interest = interest;
    this.#names = names;
  }

  /**
   * Messages to devices of the service's users (MSC4203), and to whom. Once they are told they wait for the devices no longer:
   * whoever syncs as one of them has them from the service.
   */
  async messages(
    { reader, above, upTo }: DeviceQuestion,
    deviceNids: Iterable<number>,
  ): Promise<MessagesToDevices> {
    const events: JsonObject[] = [];
    const userNids = new Set<number>();
    const places = new Map<number, { readonly userNid: number; readonly deviceNid: number }>();
    for (const message of await readAddressedMessages(reader, deviceNids, above, upTo)) {
      const userId = await this.#names.users.text(message.userNid);
      if (!this.#service.hasUser(userId)) continue;
      const content: JsonObject = JSON.parse(message.content);
      userNids.add(message.userNid);
      places.set(message.deviceNid, message);
      events.push({
        type: message.type,
        sender: await this.#names.users.text(message.senderNid),
        content,
        to_user_id: userId,
        to_device_id: message.deviceId,
      });
    }
    const statements = [...places.values()].map((place) => endToldStatement(place, above, upTo));
    return { events, userNids: [...userNids], statements };
  }

  /** Users whose devices changed and whom the service sees (MSC3202). */
  async changedLists({ reader, above, upTo }: DeviceQuestion): Promise<string[]> {
    const changed: string[] = [];
    for (const userNid of await readDeviceListsChanged(reader, 0, above, upTo)) {
      if (await this.#interest.isOfUser(reader, userNid)) {
        changed.push(await this.#names.users.text(userNid));
      }
    }
    return changed;
  }

  /** How many keys the devices of its users have: of these users, and of those in these rooms (MSC3202). */
  async keyCounts(
    reader: Reader,
    userNids: readonly number[],
    roomNids: Iterable<number>,
  ): Promise<JsonObject | undefined> {
    const own: number[] = [];
    for (const userNid of new Set([
      ...userNids,
      ...(await readMembersWithKeys(reader, roomNids)),
    ])) {
      if (own.length >= keyCountUsersMax) break;
      if (this.#service.hasUser(await this.#names.users.text(userNid))) own.push(userNid);
    }
    if (own.length === 0) return undefined;
    const counts = new Map<string, Map<string, JsonObject>>();
    const fallbacks = new Map<string, Map<string, string[]>>();
    for (const device of await readDevicesWithKeys(reader, own)) {
      const userId = await this.#names.users.text(device.userNid);
      put(counts, userId, device.deviceId, await readOneTimeKeyCounts(reader, device));
      put(fallbacks, userId, device.deviceId, await readUnusedFallbackTypes(reader, device));
    }
    return {
      'org.matrix.msc3202.device_one_time_keys_count': toJson(counts),
      'org.matrix.msc3202.device_unused_fallback_key_types': toJson(fallbacks),
    };
  }
}

function put<Value>(
  all: Map<string, Map<string, Value>>,
  userId: string,
  deviceId: string,
  value: Value,
): void {
  const devices = all.get(userId) ?? new Map<string, Value>();
  devices.set(deviceId, value);
  all.set(userId, devices);
}

function toJson<Value extends JsonObject | string[]>(
  all: ReadonlyMap<string, ReadonlyMap<string, Value>>,
): JsonObject {
  return Object.fromEntries(
    [...all].map(([userId, devices]) => [userId, Object.fromEntries(devices)]),
  );
}
