type NamesIn<Path extends string> = Path extends `${string}{${infer Name}}${infer Rest}`
  ? Name | NamesIn<Rest>
  : never;

type Values<Path extends string> = Path extends string ? Record<NamesIn<Path>, string> : never;
type NamesOfAny<Value> = Value extends unknown ? keyof Value & string : never;
type NamesOfAll<Value> = keyof Value & string;
type Flat<Value> = { [Key in keyof Value]: Value[Key] };

type ParamsOfUnion<Value> = Flat<
  Record<NamesOfAll<Value>, string> &
    Partial<Record<Exclude<NamesOfAny<Value>, NamesOfAll<Value>>, string>>
>;

/**
 * The parameters of a union of path templates: `'/a/{x}' | '/a/{x}/{y}'` has `x`, and `y` optionally.
 * All are strings, percent-decoded once.
 */
export type ParamsOf<Path extends string> = ParamsOfUnion<Values<Path>>;

export interface ClientPathOptions<Release extends string> {
  /** Default `v3` and `r0`, the releases under which one endpoint is the same. */
  readonly releases?: readonly Release[];
  /** Default true: Synapse answers the released endpoints under `/unstable` as well. */
  readonly unstable?: boolean;
  /** Default false: the prefix `api/v1` of clients from before r0. */
  readonly apiV1?: boolean;
}

type ClientPath<
  Release extends string,
  Path extends string,
> = `/_matrix/client/${Release | 'v3' | 'r0' | 'unstable' | 'api/v1'}${Path}`;

/** The paths of one client-server endpoint under every release that has it. */
export function clientPaths<const Path extends string, const Release extends string = 'v3' | 'r0'>(
  path: Path,
  options: ClientPathOptions<Release> = {},
): readonly ClientPath<Release, Path>[] {
  const releases: readonly (Release | 'v3' | 'r0')[] = options.releases ?? ['v3', 'r0'];
  const prefixes: (Release | 'v3' | 'r0' | 'unstable' | 'api/v1')[] = [...releases];
  if (options.unstable ?? true) prefixes.push('unstable');
  if (options.apiV1 ?? false) prefixes.push('api/v1');
  return prefixes.map((prefix): ClientPath<Release, Path> => `/_matrix/client/${prefix}${path}`);
}

/** The path of an endpoint that the spec has under `v1` only. */
export function v1Paths<const Path extends string>(
  path: Path,
): readonly `/_matrix/client/v1${Path}`[] {
  return [`/_matrix/client/v1${path}`];
}
