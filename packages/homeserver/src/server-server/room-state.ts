import { Type } from 'typebox';

import { idTexts, objectText, pduTexts } from '../federation/serving/event-lists.ts';
import { authChainOf, stateBefore } from '../federation/serving/state-before.ts';
import { JsonStream } from '../http/response.ts';
import { serverEndpoint } from './services.ts';
import { slashed } from './slashed.ts';

const spec = 'Retrieving events';
const AtEvent = Type.Object({ event_id: Type.String() });
const errcodes = ['M_FORBIDDEN', 'M_MISSING_PARAM', 'M_NOT_FOUND'] as const;

const getRoomState = serverEndpoint({
  operationId: 'getFederationRoomState',
  summary: 'The state of a room before an event',
  spec,
  method: 'GET',
  paths: slashed('/_matrix/federation/v1/state/{roomId}'),
  authentication: 'server',
  query: AtEvent,
  errcodes,
  async handle({ origin, params, query }, { serving }) {
    const { access, state, authChain } = await stateBefore(
      serving,
      origin,
      params.roomId,
      query.event_id,
    );
    const { reader } = serving.rooms.database;
    const lists = {
      pdus: pduTexts(reader, access.version, state),
      auth_chain: pduTexts(reader, access.version, authChain),
    };
    return new JsonStream(objectText({}, lists));
  },
});

const getRoomStateIds = serverEndpoint({
  operationId: 'getRoomStateIds',
  summary: 'The IDs of the events that make the state of a room before an event',
  spec,
  method: 'GET',
  paths: slashed('/_matrix/federation/v1/state_ids/{roomId}'),
  authentication: 'server',
  query: AtEvent,
  errcodes,
  async handle({ origin, params, query }, { serving }) {
    const { state, authChain } = await stateBefore(serving, origin, params.roomId, query.event_id);
    const { reader } = serving.rooms.database;
    const lists = { pdu_ids: idTexts(reader, state), auth_chain_ids: idTexts(reader, authChain) };
    return new JsonStream(objectText({}, lists));
  },
});

const getEventAuth = serverEndpoint({
  operationId: 'getEventAuth',
  summary: 'What authorises an event, directly or not',
  spec: 'Retrieving event authorisation information',
  method: 'GET',
  paths: ['/_matrix/federation/v1/event_auth/{roomId}/{eventId}'],
  authentication: 'server',
  errcodes: ['M_FORBIDDEN', 'M_NOT_FOUND'],
  async handle({ origin, params }, { serving }) {
    const { access, authChain } = await authChainOf(serving, origin, params.roomId, params.eventId);
    const { reader } = serving.rooms.database;
    const lists = { auth_chain: pduTexts(reader, access.version, authChain) };
    return new JsonStream(objectText({}, lists));
  },
});

export const roomStateEndpoints = [getRoomState, getRoomStateIds, getEventAuth];
