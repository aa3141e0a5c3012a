import { parsePaginationToken } from '../../rooms/pagination-token.ts';

/** The depth that a pagination token names; one that is of the log, or absent, names none. */
export function tokenDepth(name: string, token: string | undefined): number | undefined {
  const parsed = token === undefined ? undefined : parsePaginationToken(name, token);
  return parsed?.kind === 'history' ? parsed.place.depth : undefined;
}
