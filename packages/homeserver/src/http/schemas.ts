import { Type } from 'typebox';

/** Any JSON object, kept as parsed: event content, account data, filters. */
export const JsonObject = Type.Unsafe<Record<string, unknown>>(Type.Object({}));

/** Any JSON object, of which the values do not matter. */
export const EmptyObject = Type.Object({});
