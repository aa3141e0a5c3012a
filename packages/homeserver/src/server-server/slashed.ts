/** A path, and as servers from before 2019 write it (Synapse up to 0.99.3). */
export function slashed<const Path extends string>(path: Path): readonly [Path, `${Path}/`] {
  return [path, `${path}/`];
}
