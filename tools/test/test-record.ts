/** What became of one test; one line of the event reporter's output. */
export interface TestRecord {
  /** Names of the enclosing suites and tests, outermost first, then the test's own. */
  readonly path: readonly string[];
  readonly outcome: 'passed' | 'failed' | 'skipped';
  /** Of a failed test the error with its stack, of a skipped one the reason, else empty. */
  readonly detail: string;
}

/** Reads the event reporter's output; a last line cut short by a kill is left out. */
export function parseRecords(text: string): TestRecord[] {
  const complete = text.slice(0, text.lastIndexOf('\n') + 1);
  return complete.split('\n').filter(Boolean).map(parseRecord);
}

function parseRecord(line: string): TestRecord {
  return JSON.parse(line) as TestRecord;
}
