/** Which keys of one event type's content survive a redaction. */
export type KeptContent =
  | 'everything'
  | {
      /** Keys kept with their values. */
      readonly keys: readonly string[];
      /** Keys whose value, where it is an object, is cut down to these keys. */
      readonly within?: Readonly<Record<string, readonly string[]>>;
    };

/** The redaction algorithm of a room version, as data. */
export interface RedactionRules {
  /** Top-level keys of the PDU that are kept. */
  readonly topLevel: readonly string[];
  /** Content that is kept, by event type; every other type loses all of its content. */
  readonly content: ReadonlyMap<string, KeptContent>;
}

/** Everything in which room versions differ. `rules.ts` gives the values, one entry of differences per version. */
export interface RoomVersionRules {
  /** How an event gets its ID: a field of its own, or the reference hash in standard or URL-safe base64. */
  readonly eventId: 'field' | 'base64-hash' | 'urlsafe-base64-hash';
  /** What `prev_events` and `auth_events` hold: `[event ID, hashes]` pairs or plain event IDs. */
  readonly eventReferences: 'pairs' | 'ids';
  /** What a room ID is: an opaque text with the creator's server, or the ID of the create event. */
  readonly roomId: 'domain' | 'create-event';
  /** Whether events that break canonical JSON are refused. */
  readonly strictCanonicalJson: boolean;
  /** The greatest `depth`. */
  readonly depthMax: number;
  /** Whether a signing key must have been valid at the event's `origin_server_ts`. */
  readonly enforcesKeyValidity: boolean;
  /** Where an `m.room.redaction` names the redacted event. */
  readonly redactsIn: 'event' | 'content';
  readonly redaction: RedactionRules;
  readonly stateResolution: '1' | '2' | '2.1';
  /** What a power level may be: floats are truncated, strings hold an integer. */
  readonly powerLevels: 'floats' | 'strings' | 'integers';
  /** Who created the room: `content.creator`, the sender, or the sender and `content.additional_creators`. */
  readonly creators: 'content-creator' | 'sender' | 'sender-and-additional';
  /** Whether creators stand above every power level. */
  readonly creatorsHaveInfinitePower: boolean;
  /** Whether the create event is selected as auth event. */
  readonly createIsAuthEvent: boolean;
  /** Whether `m.room.aliases` has an auth rule of its own. */
  readonly aliasesAuthRule: boolean;
  /** Whether `m.room.redaction` has an auth rule of its own. */
  readonly redactionAuthRule: boolean;
  /** The maps of power levels in `m.room.power_levels` whose changes are authorised, apart from `users`. */
  readonly authorisedLevelMaps: readonly ('events' | 'notifications')[];
  /** Whether a membership of `knock` exists. */
  readonly knocking: boolean;
  /** Memberships that their user may end by leaving. */
  readonly membershipsToLeave: readonly string[];
  /** Join rules under which an invitation is needed to join. */
  readonly joinRulesForInvited: readonly string[];
  /** Join rules under which one may knock. */
  readonly joinRulesForKnocking: readonly string[];
  /** Join rules under which membership of another room lets one in. */
  readonly joinRulesForRestricted: readonly string[];
}

/** A room version: its ID and its rules. Compare by identity, or by `id` across processes. */
export interface RoomVersion extends RoomVersionRules {
  /** `'1'` to `'12'`. */
  readonly id: string;
}
