import type { EndpointDescription, Resource } from './endpoint.ts';

/** The longest prefix that fits decides. */
const prefixes: readonly (readonly [string, Resource])[] = [
  ['/_matrix/client/', 'client'],
  ['/_matrix/client/v1/media/', 'media'],
  ['/_matrix/media/', 'media'],
  ['/_matrix/federation/', 'federation'],
  ['/_matrix/federation/v1/media/', 'media'],
  ['/_matrix/federation/v1/openid/', 'openid'],
  ['/_matrix/key/', 'keys'],
  ['/_synapse/admin/', 'client'],
  ['/_synapse/client/', 'client'],
  ['/_synapse/metrics', 'metrics'],
  ['/_synapse/replication/', 'replication'],
  ['/_matrix/static/', 'static'],
  ['/.well-known/matrix/', 'client'],
  ['/health', 'health'],
];

/** As Synapse: a resource brings others along. */
const implied: Partial<Record<Resource, readonly Resource[]>> = {
  client: ['media', 'static'],
  federation: ['media', 'keys', 'openid'],
};

const resourceNames: ReadonlySet<string> = new Set<Resource>([
  'client',
  'federation',
  'health',
  'keys',
  'media',
  'metrics',
  'openid',
  'replication',
  'static',
]);

/** Whether a listener can serve what the configuration names so. */
export function isResource(name: string): name is Resource {
  return resourceNames.has(name);
}

export function resourceOf(endpoint: EndpointDescription): Resource {
  if (endpoint.resource !== undefined) return endpoint.resource;
  const path = endpoint.paths[0] ?? '';
  let longest = '';
  let found: Resource = 'client';
  for (const [prefix, resource] of prefixes) {
    if (path.startsWith(prefix) && prefix.length > longest.length) {
      longest = prefix;
      found = resource;
    }
  }
  return found;
}

/** What a listener with these resources serves; health is served by every listener. */
export function servedResources(resources: readonly Resource[]): ReadonlySet<Resource> {
  const served = new Set<Resource>(['health']);
  for (const resource of resources) {
    served.add(resource);
    for (const other of implied[resource] ?? []) served.add(other);
  }
  return served;
}
