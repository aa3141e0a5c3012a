import type { JsonObject, RoomVersion, UserId } from '@soma/protocol';

import type { Guard } from '../storage/change.ts';
import type { Statement } from '../storage/sql.ts';
import type { EventDraft } from './build-event.ts';
import type { InitialState, Preset } from './room-presets.ts';

/** What a user wants of a new room (CS API, `POST /createRoom`). */
export interface NewRoom {
  readonly creator: string;
  readonly version: RoomVersion;
  readonly preset: Preset;
  readonly creationContent: JsonObject;
  /** Keys of the first power levels, those of the server's configuration included. */
  readonly powerLevelsOverride: JsonObject;
  readonly initialState: readonly InitialState[];
  readonly name?: string | undefined;
  readonly topic?: string | undefined;
  /** The canonical alias. */
  readonly alias?: string | undefined;
  readonly invite: readonly UserId[];
  readonly isDirect: boolean;
  /** Events to come after all others. */
  readonly last?: readonly EventDraft[] | undefined;
  /** What belongs to the same change, of other domains. */
  readonly additions?: ((roomNid: number) => RoomAdditions) | undefined;
}

export interface RoomAdditions {
  readonly statements: readonly Statement[];
  readonly guards: readonly Guard[];
}
