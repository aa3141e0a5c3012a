import type { PrejoinState, StateEntry } from '../config/config.ts';
import type { ImportedMember, ImportedState, ProjectImport } from '../rooms/imported-state.ts';
import { ChangeKind } from '../storage/change.ts';
import {
  importMembersStatements,
  readEndingMembers,
  stageMembersStatements,
  unstageMembersStatement,
} from './import-members-store.ts';
import {
  membershipCode,
  membershipName,
  putCountsStatement,
  putMembershipStatement,
} from './membership-store.ts';
import type { Membership, NewMembership } from './membership-store.ts';
import { strippedState } from './stripped-state.ts';

/** Members that are written in one change. */
const STAGED_AT_ONCE = 500;

interface LocalMember {
  readonly member: ImportedMember;
  readonly membership: Membership;
}

/** Stages the members of an imported room; the database copies them when the room becomes one of this server. */
export async function importMembers(
  imported: ImportedState,
  { entries, types }: PrejoinState,
  isLocal: (userId: string) => boolean,
): Promise<ProjectImport> {
  const { roomNid, snapshotNid, members } = imported;
  const shown = [...entries, ...types.map((type): StateEntry => [type, ''])];
  const counts = { joined: 0, invited: 0, localJoined: 0 };
  const local: LocalMember[] = [];
  // What an earlier try has left.
  await imported.stage([unstageMembersStatement(snapshotNid)]);
  for (let start = 0; start < members.length; start += STAGED_AT_ONCE) {
    const staged: ReturnType<typeof rowOf>[] = [];
    for (const member of members.slice(start, start + STAGED_AT_ONCE)) {
      const code = membershipCode(member.content['membership']);
      if (code === undefined) continue;
      const membership = membershipName(code);
      const isOurs = isLocal(member.userId);
      if (membership === 'join') counts.joined += 1;
      if (membership === 'invite') counts.invited += 1;
      if (membership === 'join' && isOurs) counts.localJoined += 1;
      if (isOurs) local.push({ member, membership });
      staged.push(rowOf(member, membership, isOurs));
    }
    await imported.stage(stageMembersStatements(snapshotNid, staged));
  }
  return async (position, output, reader) => {
    for (const subject of await readEndingMembers(reader, roomNid, snapshotNid)) {
      output.touches.push({ kind: ChangeKind.membership, subject });
    }
    output.statements.push(...importMembersStatements(roomNid, snapshotNid, position));
    for (const { member, membership } of local) {
      output.touches.push({ kind: ChangeKind.membership, subject: member.userNid });
      if (membership !== 'invite' && membership !== 'knock') continue;
      const state = JSON.stringify(strippedState(imported, shown, member.sender));
      const row = { ...rowOf(member, membership, true), roomNid, position, strippedState: state };
      output.statements.push(putMembershipStatement(row));
    }
    output.statements.push(putCountsStatement(roomNid, counts));
  };
}

function rowOf(
  { userNid, eventNid, content }: ImportedMember,
  membership: Membership,
  isLocal: boolean,
): Omit<NewMembership, 'roomNid' | 'position'> {
  const { displayname: displayName, avatar_url: avatarUrl } = content;
  return {
    userNid,
    eventNid,
    membership,
    isLocal,
    forgottenByLeaving: false,
    displayName: typeof displayName === 'string' ? displayName : null,
    avatarUrl: typeof avatarUrl === 'string' ? avatarUrl : null,
    strippedState: null,
  };
}
