/** The exports of @soma/protocol, by subject. Nothing else in the package is public. */

export {
  type JsonObject,
  type JsonValue,
  JSON_DEPTH_MAX,
  canonicalJson,
  compareCodePoints,
  isJsonObject,
} from './canonical-json.ts';
export { checkCanonicalJson, checkLaxJson } from './check-json.ts';
export { type ParsedJson, parseJson } from './parse-json.ts';
export { type Problem, type ProblemCode, problem } from './errors.ts';
export {
  type EventId,
  type RoomAlias,
  type RoomId,
  type ServerName,
  type UserId,
  IDENTIFIER_BYTES_MAX,
  exceedsBytes,
  isCompliantUserId,
  isOpaqueIdentifier,
  isRoomVersionId,
  localpart,
  newUserId,
  parseEventId,
  parseNewUserId,
  parseRoomAlias,
  parseRoomId,
  parseServerName,
  parseUserId,
  serverNameOf,
  utf8Length,
} from './identifiers.ts';
export { hostOf, isIpLiteral } from './server-name.ts';

export {
  DEFAULT_ROOM_VERSION,
  roomVersion,
  supportedRoomVersions,
} from './room-versions/room-version.ts';
export type {
  KeptContent,
  RedactionRules,
  RoomVersion,
  RoomVersionRules,
} from './room-versions/types.ts';

export {
  decodeBase64,
  encodeBase64,
  encodeUrlSafeBase64,
  stripPadding,
  toUrlSafeBase64,
} from './events/base64.ts';
export {
  type BuiltEvent,
  type EventTemplate,
  type UnsignedEvent,
  buildEvent,
  hashEvent,
} from './events/build-event.ts';
export {
  createEventIdOf,
  eventIdFromReferenceText,
  eventIdOf,
  roomIdOfCreate,
} from './events/event-id.ts';
export { contentHash, contentHashMatches, referenceText } from './events/hash.ts';
export {
  AUTH_EVENTS_MAX,
  EVENT_BYTES_MAX,
  KEY_BYTES_MAX,
  type LimitedFields,
  PREV_EVENTS_MAX,
  type ReferenceLimits,
  cappedDepth,
  checkEventSize,
  checkFieldLimits,
} from './events/limits.ts';
export { type ParsedPdu, type RefusedPdu, parsePdu, parsePduText } from './events/parse-pdu.ts';
export { redactClientEvent, redactContent, redactPdu, redactedEventOf } from './events/redact.ts';
export { authEventIds, prevEventIds, referenceTo, referencedId } from './events/references.ts';
export {
  type SignatureVerdict,
  signJson,
  signedText,
  verifyJson,
  verifySignatures,
} from './events/sign.ts';
export { requiredSigners } from './events/signers.ts';
export type {
  EventCrypto,
  EventReference,
  HashFunction,
  Pdu,
  SignatureVerifier,
  Signatures,
} from './events/types.ts';

export { type StateKey, authEventKeys } from './auth-rules/auth-event-keys.ts';
export { authorise } from './auth-rules/authorise.ts';
export { mayRedact } from './auth-rules/may-redact.ts';
export {
  type CreateEvent,
  type PowerLevels,
  creatorsOf,
  powerLevels,
} from './auth-rules/power-levels.ts';
export type {
  AuthEvent,
  AuthEvidence,
  AuthState,
  AuthVerdict,
  EventToAuthorise,
} from './auth-rules/types.ts';

export { type AuthChainEntry, AuthChainIndex } from './state-resolution/auth-chain-index.ts';
export { compactState, resolvedState } from './state-resolution/compact-state.ts';
export { resolveState, resolveStateNow } from './state-resolution/resolve-state.ts';
export type {
  Answer,
  AuthReach,
  CompactState,
  MemorySource,
  Nids,
  PartitionedState,
  Resolution,
  ResolutionEvent,
  ResolutionQuestion,
  ResolutionSource,
  StateSet,
} from './state-resolution/types.ts';

export { type Glob, globMatches, parseGlob } from './glob.ts';
export { type PropertyPath, parsePropertyPath, valueAt } from './property-path.ts';

export {
  type CompiledPushRules,
  type PushOutcome,
  compileRules,
} from './push-rules/compile-rules.ts';
export type { PushEvent, PushRoom, PushUser } from './push-rules/conditions.ts';
export { DEFAULT_PUSH_RULES, type DefaultPushRule } from './push-rules/default-rules.ts';
export {
  type EditedPushRules,
  type RulePlacement,
  deletePushRule,
  putPushRule,
  setPushRuleActions,
  setPushRuleEnabled,
} from './push-rules/edit-rules.ts';
export { evaluatePushRules, namedUsers } from './push-rules/evaluate-push-rules.ts';
export { narrowToRoom, pushRulesKey } from './push-rules/narrow-to-room.ts';
export { parsePushRuleChanges } from './push-rules/parse-changes.ts';
export { findPushRule, rulesetFor } from './push-rules/ruleset.ts';
export {
  type CustomPushRule,
  type DefaultRuleChange,
  NO_PUSH_RULE_CHANGES,
  PUSH_RULE_KINDS,
  type PushAction,
  type PushCondition,
  type PushRule,
  type PushRuleChanges,
  type PushRuleKind,
  type PushRuleset,
  isPushRuleKind,
} from './push-rules/types.ts';

export { type FilteredEvent, matchesEvent, matchesRoom } from './filters/matches-event.ts';
export { parseRoomEventFilter, parseSyncFilter } from './filters/parse-filter.ts';
export { selectFields } from './filters/select-fields.ts';
export {
  type EventFilter,
  FILTER_LIMIT_DEFAULT,
  type ParsedFilter,
  type RoomEventFilter,
  type SyncFilter,
} from './filters/types.ts';
export {
  type AtEvent,
  HISTORY_VISIBILITIES,
  type HistoryVisibility,
  type VisibilityQuestion,
  historyVisibilityOf,
  maySeeEvent,
} from './history-visibility.ts';
export { type ServerAcl, compileServerAcl } from './server-acl.ts';
export {
  type SignedRequest,
  type XMatrix,
  formatXMatrix,
  parseXMatrix,
  signedRequestText,
  signedRequestTextOf,
} from './x-matrix.ts';
