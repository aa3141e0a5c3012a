import { Type } from 'typebox';

import type { JsonObject as Json } from '@soma/protocol';

/** Any JSON object, kept as parsed: event content, account data, filters. */
export const JsonObject = Type.Unsafe<Json>(Type.Object({}));

/** Any JSON object, of which the values do not matter. */
export const EmptyObject = Type.Object({});
