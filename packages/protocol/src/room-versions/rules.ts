import {
  redactionV1,
  redactionV11,
  redactionV6,
  redactionV8,
  redactionV9,
} from './redaction-rules.ts';
import type { RoomVersionRules } from './types.ts';

/** Room version 1 in full (spec: Room Version 1). */
export const FIRST: RoomVersionRules = {
  eventId: 'field',
  eventReferences: 'pairs',
  roomId: 'domain',
  strictCanonicalJson: false,
  depthMax: 2 ** 63,
  enforcesKeyValidity: false,
  redactsIn: 'event',
  redaction: redactionV1,
  stateResolution: '1',
  powerLevels: 'floats',
  creators: 'content-creator',
  creatorsHaveInfinitePower: false,
  createIsAuthEvent: true,
  aliasesAuthRule: true,
  redactionAuthRule: true,
  authorisedLevelMaps: ['events'],
  knocking: false,
  membershipsToLeave: ['invite', 'join'],
  joinRulesForInvited: ['invite'],
  joinRulesForKnocking: [],
  joinRulesForRestricted: [],
};

/** What each later version changed in the one before it. A new room version is one entry here. */
export const DIFFERENCES: readonly (readonly [id: string, changes: Partial<RoomVersionRules>])[] = [
  ['2', { stateResolution: '2' }],
  ['3', { eventId: 'base64-hash', eventReferences: 'ids', redactionAuthRule: false }],
  ['4', { eventId: 'urlsafe-base64-hash' }],
  ['5', { enforcesKeyValidity: true }],
  [
    '6',
    {
      strictCanonicalJson: true,
      depthMax: Number.MAX_SAFE_INTEGER,
      powerLevels: 'strings',
      redaction: redactionV6,
      aliasesAuthRule: false,
      authorisedLevelMaps: ['events', 'notifications'],
    },
  ],
  [
    '7',
    {
      knocking: true,
      membershipsToLeave: ['invite', 'join', 'knock'],
      joinRulesForInvited: ['invite', 'knock'],
      joinRulesForKnocking: ['knock'],
    },
  ],
  ['8', { joinRulesForRestricted: ['restricted'], redaction: redactionV8 }],
  ['9', { redaction: redactionV9 }],
  [
    '10',
    {
      powerLevels: 'integers',
      joinRulesForKnocking: ['knock', 'knock_restricted'],
      joinRulesForRestricted: ['restricted', 'knock_restricted'],
    },
  ],
  ['11', { creators: 'sender', redactsIn: 'content', redaction: redactionV11 }],
  [
    '12',
    {
      roomId: 'create-event',
      createIsAuthEvent: false,
      creators: 'sender-and-additional',
      creatorsHaveInfinitePower: true,
      stateResolution: '2.1',
    },
  ],
];
