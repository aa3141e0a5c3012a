import { clientEndpoints } from '../../packages/homeserver/src/client-server/endpoints.ts';
import { serverEndpoints } from '../../packages/homeserver/src/server-server/endpoints.ts';
import { adminEndpoints } from '../../packages/homeserver/src/synapse-admin/endpoints.ts';

export type ServedEndpoint =
  | (typeof clientEndpoints)[number]
  | (typeof adminEndpoints)[number]
  | (typeof serverEndpoints)[number];

/** All that Soma serves: tests that go over it cover a new endpoint by themselves. */
export const servedEndpoints: readonly ServedEndpoint[] = [
  ...clientEndpoints,
  ...adminEndpoints,
  ...serverEndpoints,
];

/** The endpoint's first path with its `{name}`s replaced; the values are taken as they are. */
export function pathWith(
  path: string,
  values: Readonly<Record<string, string>> | ((name: string) => string),
): string {
  const valueOf = typeof values === 'function' ? values : (name: string) => values[name] ?? name;
  return path.replaceAll(/\{(\w+)\}/g, (_, name: string) => valueOf(name));
}
