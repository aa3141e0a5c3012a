import fc from 'fast-check';

import { pathWith, type ServedEndpoint } from '../harness/served-endpoints.ts';
import { anyJson, oddText } from './arbitrary-json.ts';
import { keyword, nearly, type Ingredients } from './schema-arbitrary.ts';

/** Values of a running server, by the name of the field or parameter that takes them. */
export type KnownValues = Readonly<Record<string, readonly string[]>>;

/** A request as it is sent. */
export interface FuzzRequest {
  readonly method: string;
  /** With its query. */
  readonly path: string;
  /** The body's text; undefined for none. */
  readonly body: string | undefined;
}

/** Names that mean something inside of bodies whose schema is any object. */
const meaningfulNames = [
  ...['membership', 'users', 'users_default', 'events', 'ban', 'notifications', 'join_rule'],
  ...['allow', 'history_visibility', 'm.relates_to', 'rel_type', 'event_id', 'key', 'redacts'],
  ...['creator', 'room_version', 'predecessor', 'additional_creators', 'type', 'm.federate'],
  ...['third_party_invite', 'signed', 'displayname', 'avatar_url', 'reason', 'is_direct'],
  ...['auth', 'session', 'password', 'user', 'identifier', 'room', 'timeline', 'limit', 'types'],
  ...['senders', 'not_rooms', 'lazy_load_members', 'event_fields', 'thread_id', 'actions'],
  ...['conditions', 'pattern', 'kind', 'name', 'topic', 'deny', 'allow_ip_literals', 'ts'],
  ...['m.mentions', 'user_ids', 'join_authorised_via_users_server', 'algorithm', 'body'],
];

/** Requests of one endpoint: valid ones, nearly valid ones, and others. */
export function requestsOf(
  endpoint: ServedEndpoint,
  known: KnownValues,
): fc.Arbitrary<FuzzRequest> {
  const all = Object.values(known).flat();
  const someText = fc.oneof(fc.constantFrom(...all), oddText);
  const from: Ingredients = {
    text: (name) => {
      const values = known[name];
      if (values === undefined) return someText;
      return fc.oneof({ weight: 3, arbitrary: fc.constantFrom(...values) }, someText);
    },
    anything: anyJson(meaningfulNames, someText),
  };
  return fc.record(
    {
      method: fc.constant(endpoint.method),
      path: fc
        .tuple(pathOf(endpoint, from), queryOf(endpoint, from))
        .map(([path, query]) => (query === '' ? path : `${path}?${query}`)),
      body: endpoint.body === undefined ? fc.constant(undefined) : bodyOf(endpoint.body, from),
    },
    { noNullPrototype: true },
  );
}

function pathOf({ paths }: ServedEndpoint, from: Ingredients): fc.Arbitrary<string> {
  return fc.constantFrom(...paths).chain((path) => {
    const names = [...path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => name);
    const values = fc.tuple(...names.map((name) => from.text(name)));
    return values.map((texts) => {
      const left = [...texts];
      return pathWith(path, () => percentEncoded(left.shift() ?? ''));
    });
  });
}

function queryOf({ query }: ServedEndpoint, from: Ingredients): fc.Arbitrary<string> {
  const properties = Object.entries(keyword(query, 'properties') ?? {});
  const pairs = properties.map(([name, schema]) =>
    fc.tuple(fc.constant(name), queryValue(name, schema, from)),
  );
  return fc
    .tuple(...pairs)
    .chain((entries) => fc.subarray(entries))
    .map((entries) => (properties.some(isTimeout) ? withTimeout(entries) : entries))
    .map((entries) => entries.map(([name, value]) => `${name}=${percentEncoded(value)}`).join('&'));
}

function isTimeout([name]: readonly [string, unknown]): boolean {
  return name === 'timeout';
}

/** Nothing here waits for news. */
function withTimeout(entries: [string, string][]): [string, string][] {
  return entries.some(isTimeout) ? entries : [...entries, ['timeout', '0']];
}

function queryValue(name: string, schema: unknown, from: Ingredients): fc.Arbitrary<string> {
  if (name === 'timeout') return fc.constantFrom('0', '1', '-1', 'soon', '', '1.5');
  if (name === 'filter') return fc.oneof(from.text(name), from.anything.map(jsonText));
  return nearly(schema, name, from).map((value) =>
    typeof value === 'string' ? value : jsonText(value),
  );
}

function bodyOf(schema: unknown, from: Ingredients): fc.Arbitrary<string> {
  const json = nearly(schema, 'body', from).map(jsonText);
  return fc.oneof(
    { weight: 12, arbitrary: json },
    { weight: 1, arbitrary: json.map((text) => text.slice(0, -1)) },
    { weight: 1, arbitrary: oddText },
  );
}

function jsonText(value: unknown): string {
  return JSON.stringify(value) ?? 'null';
}

/** A lone surrogate becomes the three bytes that would stand for it. */
function percentEncoded(text: string): string {
  return text.isWellFormed()
    ? encodeURIComponent(text)
    : text.replaceAll(/[^]/gu, (one) =>
        one.isWellFormed() ? encodeURIComponent(one) : '%ED%A0%80',
      );
}
