import { Type } from 'typebox';

import { uploadSignatures } from '../e2ee/upload-signatures.ts';
import {
  checkSigningKeys,
  compareSigningKeys,
  publishSigningKeys,
} from '../e2ee/upload-signing-keys.ts';
import { clientPaths } from '../http/endpoint.ts';
import { JsonObject } from '../http/schemas.ts';
import { OptionalAuth } from './body-fields.ts';
import { reauthenticationFlows } from './reauthentication-flows.ts';
import { clientEndpoint } from './services.ts';

const described = {
  spec: 'End-to-end encryption',
  method: 'POST',
  authentication: 'required',
} as const;

const CrossSigningKey = Type.Optional(Type.Union([JsonObject, Type.Null()]));

const uploadSigningKeys = clientEndpoint({
  ...described,
  operationId: 'uploadCrossSigningKeys',
  summary: 'Publish cross-signing keys',
  paths: clientPaths('/keys/device_signing/upload'),
  body: Type.Object({
    master_key: CrossSigningKey,
    self_signing_key: CrossSigningKey,
    user_signing_key: CrossSigningKey,
    auth: OptionalAuth,
  }),
  errcodes: ['M_UNAUTHORIZED', 'M_INVALID_PARAM', 'M_INVALID_SIGNATURE', 'M_MISSING_PARAM'],
  async handle(request, services) {
    const { encryption, interactiveAuth } = services;
    const { requester } = request;
    const { auth, ...body } = request.body;
    // Clients that authenticate may leave the keys out once the session has them.
    const isContinued = auth !== undefined && Object.keys(body).length === 0;
    if (!isContinued) {
      const keys = await checkSigningKeys(encryption, requester, body);
      const comparison = await compareSigningKeys(encryption, requester, keys);
      if (comparison === 'same') return {};
      const isFirst = comparison === 'first';
      const published =
        isFirst && (await publishSigningKeys(encryption, requester, keys, { isFirst }));
      if (published === 'published') return {};
    }
    const flows = await reauthenticationFlows(services, requester.userNid);
    const agreed = await interactiveAuth.authenticate(request, flows, { trustsServices: true });
    const keys = await checkSigningKeys(encryption, requester, agreed.body);
    await publishSigningKeys(encryption, requester, keys, { isFirst: false });
    await agreed.end();
    return {};
  },
});

const uploadKeySignatures = clientEndpoint({
  ...described,
  operationId: 'uploadCrossSigningSignatures',
  summary: 'Publish signatures on keys',
  paths: clientPaths('/keys/signatures/upload'),
  body: JsonObject,
  errcodes: ['M_INVALID_PARAM'],
  handle: async ({ requester, body }, { encryption }) => ({
    failures: await uploadSignatures(encryption, requester, body),
  }),
});

export const crossSigningEndpoints = [uploadSigningKeys, uploadKeySignatures];
