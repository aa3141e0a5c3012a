import { Type } from 'typebox';

import { setReadMarkers } from '../ephemeral/set-read-markers.ts';
import { clientPaths } from '../http/endpoint.ts';
import { EmptyObject } from '../http/schemas.ts';
import { OptionalText } from './body-fields.ts';
import { clientEndpoint } from './services.ts';

const Markers = Type.Object({
  'm.fully_read': OptionalText,
  'm.read': OptionalText,
  'm.read.private': OptionalText,
});

const setReadMarker = clientEndpoint({
  operationId: 'setReadMarker',
  summary: 'Set the position of the read marker for a room',
  spec: 'Read and unread markers',
  method: 'POST',
  paths: clientPaths('/rooms/{roomId}/read_markers'),
  authentication: 'required',
  guests: true,
  body: Markers,
  responses: { 200: EmptyObject },
  errcodes: ['M_INVALID_PARAM'],
  handle: async ({ params, body, requester }, { ephemeral }) => {
    await setReadMarkers(ephemeral, requester.userNid, params.roomId, {
      fullyRead: body['m.fully_read'] ?? undefined,
      read: body['m.read'] ?? undefined,
      readPrivate: body['m.read.private'] ?? undefined,
    });
    return {};
  },
});

export const readMarkerEndpoints = [setReadMarker];
