import type { JsonObject } from '@soma/protocol';

/** The content of an `m.room.canonical_alias` without some aliases; undefined where it names none of them. */
export function withoutAliases(
  before: JsonObject,
  aliases: readonly string[],
): JsonObject | undefined {
  const { alias: canonical, alt_aliases: listed, ...rest } = before;
  const others = Array.isArray(listed) ? listed : [];
  const isGone = (alias: unknown): boolean => aliases.some((gone) => gone === alias);
  if (!isGone(canonical) && !others.some(isGone)) return undefined;
  const kept = others.filter((alias) => !isGone(alias));
  return {
    ...rest,
    ...(canonical === undefined || isGone(canonical) ? {} : { alias: canonical }),
    ...(kept.length === 0 ? {} : { alt_aliases: kept }),
  };
}
