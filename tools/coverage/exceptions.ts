/** A line of source with something that no test can reach, and why it is there all the same. */
export interface CoverageException {
  /** The path below `packages/protocol/`. */
  readonly file: string;
  /** The line as it stands, without the indentation. */
  readonly line: string;
  readonly why: string;
}

/** All that is not covered in what `protocol-coverage.ts` gates. */
export const COVERAGE_EXCEPTIONS: readonly CoverageException[] = [
  {
    file: 'src/auth-rules/authorise.ts',
    line: "return verdict ?? { allowed: false, rule: '', reason: 'no rule decided' };",
    why: 'the last rule allows all that reaches it; the type of a list of rules does not say so',
  },
  {
    file: 'src/auth-rules/context.ts',
    line: "return this.event.state_key ?? '';",
    why: 'the first rule for memberships has rejected what lacks a state key',
  },
  {
    file: 'src/auth-rules/member/third-party.ts',
    line: "return context.state.get('m.room.third_party_invite', textOf(context, 'token') ?? '');",
    why: 'an earlier rule has rejected what lacks a token',
  },
  {
    file: 'src/canonical-json.ts',
    line: "return keys[index] ?? '';",
    why: 'the index is within the list; the type of an indexed access does not say so',
  },
  {
    file: 'src/auth-rules/power-levels-event.ts',
    line: 'const creators = create === undefined ? [] : creatorsOf(create, version);',
    why: 'rule 2 has rejected what is in a room without a create event',
  },
  {
    file: 'src/auth-rules/power-levels-event.ts',
    line: "return state.get('m.room.power_levels', '')?.content ?? {};",
    why: 'an earlier rule has allowed what finds no power levels in the state',
  },
];
