import { isJsonObject, parseServerName, parseUserId, serverNameOf } from '@soma/protocol';
import type { Pdu, ServerName } from '@soma/protocol';

import type { Reader } from '../../storage/sql.ts';
import type { HeadEntry } from '../head-entry.ts';
import type { RoomHead } from '../room-head.ts';
import { readJoinedLike } from './server-member-store.ts';

/** Whom a room asks to sign its events (SS API, "Policy Servers"). */
export interface PolicyServer {
  readonly serverName: ServerName;
  /** In base64, from the room's state: the server itself need not publish it. */
  readonly publicKey: string;
}

type PolicedEvent = Pick<Pdu, 'type' | 'state_key'>;

const POLICY_KEY = ['m.room.policy', ''] as const;

/** Loads whether the room names a policy server; undefined when that is in memory. */
export function loadPolicy(head: RoomHead): Promise<void> | undefined {
  return head.load([POLICY_KEY]);
}

/** Whether an event may need a policy server's signature; the room's policy must be loaded. */
export function mayNeedPolicy(head: RoomHead, event: PolicedEvent): boolean {
  return head.get(...POLICY_KEY) !== undefined && !isPolicyEvent(event);
}

/**
 * The policy server that the room uses by its current state, if the event is one to ask it about (SS API, "Determining if a
 * Policy Server is enabled in a room").
 */
export async function policyServerFor(
  reader: Reader,
  head: RoomHead,
  event: PolicedEvent,
): Promise<PolicyServer | undefined> {
  await loadPolicy(head);
  const entry = head.get(...POLICY_KEY);
  if (entry === undefined || isPolicyEvent(event)) return undefined;
  const server = namedPolicyServer(entry.event);
  if (server === undefined) return undefined;
  return (await hasJoinedUser(reader, head, entry, server.serverName)) ? server : undefined;
}

/** The event that names the policy server can always be replaced, also when that server is lost. */
function isPolicyEvent({ type, state_key: stateKey }: PolicedEvent): boolean {
  return type === 'm.room.policy' && stateKey === '';
}

/** The policy server that an `m.room.policy` event names. */
export function namedPolicyServer({ content }: Pick<Pdu, 'content'>): PolicyServer | undefined {
  const { via, public_keys: keys } = content;
  const serverName = typeof via === 'string' ? parseServerName(via) : undefined;
  const publicKey = isJsonObject(keys) ? keys['ed25519'] : undefined;
  if (serverName === undefined || typeof publicKey !== 'string') return undefined;
  return { serverName, publicKey };
}

/** The answer as it was at a snapshot; a member who was found is looked at first. */
interface Found {
  readonly snapshotNid: number;
  readonly userId: string | undefined;
}

const found = new WeakMap<HeadEntry, Found>();

/** A server takes part only as long as a user of it is in the room. */
async function hasJoinedUser(
  reader: Reader,
  head: RoomHead,
  policy: HeadEntry,
  serverName: ServerName,
): Promise<boolean> {
  const known = found.get(policy);
  if (known?.userId !== undefined && (await isJoined(head, known.userId))) return true;
  if (known?.snapshotNid === head.snapshot.nid) return false;
  // The members are read from the database, which must have what the head has.
  await head.lastChange?.done.catch(() => undefined);
  let userId: string | undefined;
  for (const candidate of await readJoinedLike(reader, head.roomNid, serverName)) {
    const parsed = parseUserId(candidate);
    const isOfServer = parsed !== undefined && serverNameOf(parsed) === serverName;
    if (!isOfServer || !(await isJoined(head, candidate))) continue;
    userId = candidate;
    break;
  }
  found.set(policy, { snapshotNid: head.snapshot.nid, userId });
  return userId !== undefined;
}

async function isJoined(head: RoomHead, userId: string): Promise<boolean> {
  await head.load([['m.room.member', userId]]);
  return head.get('m.room.member', userId)?.event.content['membership'] === 'join';
}
