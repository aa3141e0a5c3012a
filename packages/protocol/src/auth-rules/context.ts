import type { JsonValue } from '../canonical-json.ts';
import type { RoomVersion } from '../room-versions/types.ts';
import { powerLevels } from './power-levels.ts';
import type { PowerLevels } from './power-levels.ts';
import type { AuthEvent, AuthEvidence, AuthState, EventToAuthorise } from './types.ts';

/** What every rule is asked about: the event, the state, and what follows from the two, worked out once. */
export class AuthContext {
  readonly event: EventToAuthorise;
  readonly state: AuthState;
  readonly version: RoomVersion;
  readonly evidence: AuthEvidence;
  #create: AuthEvent | undefined;
  #levels: PowerLevels | undefined;

  constructor(
    event: EventToAuthorise,
    state: AuthState,
    version: RoomVersion,
    evidence: AuthEvidence,
  ) {
    this.event = event;
    this.state = state;
    this.version = version;
    this.evidence = evidence;
  }

  /** The create event in the state. */
  get create(): AuthEvent | undefined {
    return (this.#create ??= this.state.get('m.room.create', ''));
  }

  get levels(): PowerLevels {
    return (this.#levels ??= powerLevels(
      this.state.get('m.room.power_levels', '')?.content,
      this.create,
      this.version,
    ));
  }

  get senderLevel(): number {
    return this.levels.userLevel(this.event.sender);
  }

  /** The user whose membership an `m.room.member` event sets. */
  get target(): string {
    return this.event.state_key ?? '';
  }

  get senderMembership(): string {
    return this.membershipOf(this.event.sender);
  }

  get targetMembership(): string {
    return this.membershipOf(this.target);
  }

  /** A user's membership in the state; who has none has left, as far as the rules are concerned. */
  membershipOf(userId: string): string {
    const membership = this.state.get('m.room.member', userId)?.content['membership'];
    return typeof membership === 'string' ? membership : 'leave';
  }

  /** The join rule in the state; a room without one is by invitation. */
  get joinRule(): string {
    const joinRule = this.state.get('m.room.join_rules', '')?.content['join_rule'];
    return typeof joinRule === 'string' ? joinRule : 'invite';
  }

  /** A property of the event's own content. */
  content(key: string): JsonValue | undefined {
    return Object.hasOwn(this.event.content, key) ? this.event.content[key] : undefined;
  }
}
