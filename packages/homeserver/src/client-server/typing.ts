import { Type } from 'typebox';

import { setTyping } from '../ephemeral/set-typing.ts';
import { clientPaths } from '../http/endpoint.ts';
import { EmptyObject } from '../http/schemas.ts';
import { clientEndpoint } from './services.ts';

const TypingState = Type.Object({
  typing: Type.Boolean(),
  timeout: Type.Optional(Type.Union([Type.Number({ minimum: 0 }), Type.Null()])),
});

const putTyping = clientEndpoint({
  operationId: 'setTyping',
  summary: 'Say that the user has started or stopped typing',
  spec: 'Typing Notifications',
  method: 'PUT',
  paths: clientPaths('/rooms/{roomId}/typing/{userId}', { apiV1: true }),
  authentication: 'required',
  guests: true,
  body: TypingState,
  responses: { 200: EmptyObject },
  errcodes: [],
  handle: async ({ params, body, requester }, { ephemeral }) => {
    await setTyping(ephemeral, {
      roomId: params.roomId,
      userNid: requester.userNid,
      userId: requester.userId,
      target: params.userId,
      isTyping: body.typing,
      timeoutMs: body.timeout ?? undefined,
    });
    return {};
  },
});

export const typingEndpoints = [putTyping];
