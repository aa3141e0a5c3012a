import { Type } from 'typebox';

import { unrecognized } from '../errors/matrix-error.ts';
import { v1Paths } from '../http/endpoint.ts';
import { JsonText } from '../http/response.ts';
import { previewUrl } from '../media/previews/preview-url.ts';
import { clientEndpoint } from './services.ts';
import type { ClientServices } from './services.ts';

const Preview = Type.Object(
  {
    'og:image': Type.Optional(Type.String({ description: 'An mxc:// URI' })),
    'matrix:image:size': Type.Optional(Type.Integer({ description: 'In bytes' })),
  },
  { additionalProperties: true },
);

const common = {
  spec: 'Content repository',
  method: 'GET',
  authentication: 'required',
  rateLimit: 'preview_url',
  query: Type.Object({ url: Type.String(), ts: Type.Optional(Type.Integer()) }),
  responses: { 200: Preview },
  errcodes: ['M_INVALID_PARAM', 'M_MISSING_PARAM', 'M_TOO_LARGE'],
} as const;

const getUrlPreviewAuthed = clientEndpoint({
  ...common,
  operationId: 'getUrlPreviewAuthed',
  summary: 'Get information about a URL for a client',
  paths: v1Paths('/media/preview_url'),
  handle: ({ query }, services) => preview(query, services),
});

const getUrlPreview = clientEndpoint({
  ...common,
  operationId: 'getUrlPreview',
  summary: 'Get information about a URL for a client, by the paths of older clients',
  paths: [
    '/_matrix/media/v3/preview_url',
    '/_matrix/media/r0/preview_url',
    '/_matrix/media/v1/preview_url',
  ],
  deprecated: true,
  handle: ({ query }, services) => preview(query, services),
});

async function preview(
  { url, ts }: { readonly url: string; readonly ts?: number },
  { urlPreviews }: ClientServices,
): Promise<JsonText> {
  // As in Synapse; it is how clients learn that there are none.
  if (urlPreviews === undefined) throw unrecognized();
  return new JsonText(await previewUrl(urlPreviews, url, ts));
}

export const urlPreviewEndpoints = [getUrlPreviewAuthed, getUrlPreview];
