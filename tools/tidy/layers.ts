/**
 * The folders of packages/homeserver/src in layers, lowest first: a folder imports from its own
 * layer and the ones before. What points upwards is a function handed in at composition.
 */
const layers: readonly (readonly string[])[] = [
  ['errors', 'config', 'telemetry', 'html'],
  ['storage'],
  ['streams', 'jobs'],
  ['outbound', 'mail'],
  ['federation-client'],
  ['accounts', 'media'],
  ['rooms'],
  ['ephemeral', 'e2ee', 'directory'],
  ['membership'],
  ['federation-sender'],
  ['moderation', 'federation', 'sync', 'push', 'search', 'appservices', 'sso'],
  ['http'],
  ['client-server', 'server-server', 'synapse-admin'],
  ['workers'],
  ['cli', 'composition'],
];

const sourceRoot = 'packages/homeserver/src/';

export interface Layer {
  readonly name: string;
  /** Its place in the order, or undefined for a folder that the table does not know. */
  readonly rank: number | undefined;
}

/** The layer of a file of the homeserver; files directly in src/ are the composition. */
export function layerOf(path: string): Layer | undefined {
  if (!path.startsWith(sourceRoot)) return undefined;
  const [folder, ...rest] = path.slice(sourceRoot.length).split('/');
  const name = rest.length === 0 || folder === undefined ? 'composition' : folder;
  const rank = layers.findIndex((layer) => layer.includes(name));
  return { name, rank: rank === -1 ? undefined : rank };
}
