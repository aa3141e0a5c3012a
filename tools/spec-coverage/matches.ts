import type { SpecOperation } from './operations.ts';
import type { TestRequest } from './test-requests.ts';

const V3 = '/_matrix/client/v3/';
/** Prefixes below which a client-server endpoint answers as below `v3`. */
const SAME_AS_V3 = /^\/_matrix\/client\/(r0|unstable|api\/v1|\*)\//;
/** What a test may leave off, because it stands in a base that only the run knows. */
const BASE = /^\/_matrix\/(\w+\/v\d+|client|key\/v2|media)(?=\/)|^\/\.well-known/;

/** Whether a request that stands in a test's source is one of the operation. */
export function isRequestOf(request: TestRequest, { method, path }: SpecOperation): boolean {
  if (request.method !== method) return false;
  const [asked = ''] = request.path.split('?');
  const start = asked.search(/\/(_matrix|\.well-known)(\/|$)/);
  if (start !== -1) {
    return isSame(segmentsOf(asked.slice(start).replace(SAME_AS_V3, V3)), segmentsOf(path));
  }
  if (asked.startsWith('/')) {
    return isSame(segmentsOf(asked), segmentsOf(path.replace(BASE, '')));
  }
  const tail = segmentsOf(asked);
  return tail.length > 1 && isSame(tail, segmentsOf(path).slice(-tail.length));
}

function segmentsOf(path: string): readonly string[] {
  return path.split('/');
}

/** Parameters take anything; what is fixed in the operation must be written in the test, at least once. */
function isSame(asked: readonly string[], wanted: readonly string[]): boolean {
  if (asked.length !== wanted.length) return false;
  const fixed = wanted.map((each) => !/^\{\w+\}$/.test(each));
  const isFound = asked.some((each, index) => fixed[index] === true && /\w/.test(each));
  return isFound && asked.every((each, index) => fixed[index] !== true || each === wanted[index]);
}
