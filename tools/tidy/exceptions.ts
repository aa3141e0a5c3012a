/** Files that are tables of data rather than code, which the file sizes leave out. */
export const dataTables: readonly string[] = [
  'packages/homeserver/src/config/synapse-option-names.ts',
];
