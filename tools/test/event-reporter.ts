import type { TestEvent } from 'node:test/reporters';
import { inspect } from 'node:util';

import type { TestRecord } from './test-record.ts';

/**
 * A reporter for `node --test-reporter`: one JSON line (a TestRecord) for each finished test.
 * Suites count only when they fail by themselves, such as in a hook.
 */
async function* reportEvents(source: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  const names: string[] = [];
  for await (const event of source) {
    if (event.type === 'test:start') {
      names.length = event.data.nesting;
      names.push(event.data.name);
      continue;
    }
    if (event.type !== 'test:pass' && event.type !== 'test:fail') continue;
    const path = [...names.slice(0, event.data.nesting), event.data.name];
    const record = toRecord(path, event);
    if (record !== undefined) yield `${JSON.stringify(record)}\n`;
  }
}

type FinishedEvent = Extract<TestEvent, { type: 'test:pass' | 'test:fail' }>;

function toRecord(path: string[], event: FinishedEvent): TestRecord | undefined {
  const { skip, todo, details } = event.data;
  const setAside = skip ?? todo;
  if (setAside !== undefined && setAside !== false) {
    return { path, outcome: 'skipped', detail: setAside === true ? '' : setAside };
  }
  if (event.type === 'test:fail') {
    const { error } = event.data.details;
    // The failing subtests have their own records.
    if ('failureType' in error && error.failureType === 'subtestsFailed') return undefined;
    return { path, outcome: 'failed', detail: describeError(error.cause ?? error) };
  }
  return details.type === 'suite' ? undefined : { path, outcome: 'passed', detail: '' };
}

/** The error with its stack, less the frames that lie in Node itself. */
function describeError(error: unknown): string {
  return inspect(error).replaceAll(/\n +at [^\n]*node:internal[^\n]*/g, '');
}

// Node loads a reporter by the default export of its module.
export default reportEvents;
