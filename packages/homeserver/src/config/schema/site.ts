/** What stands for a value that was refused; the problem is reported where it was found. */
export const INVALID: unique symbol = Symbol('invalid');

/** The outcome of reading one value. */
export type Read<T> = T | typeof INVALID;

export type PathSegment = string | number;

/** Receives what a reader finds out about one config file. */
export interface Reporter {
  problem(path: readonly PathSegment[], expected: string, found: string): void;
  /** A key that the schema does not have. */
  unread(path: readonly PathSegment[], siblings: readonly string[]): void;
  /** Text for the operator that does not stop the start. */
  warning(text: string): void;
  /** The absolute form of a path written in this file. */
  resolvePath(written: string): string;
  /** The content of a file that an option names, or what is wrong with it. */
  readFile(path: string): { content: string } | { failure: string };
  /** The mapping in a YAML file that an option names, with where to report what is wrong in it; or what is wrong with it. */
  readYaml(
    path: string,
  ): { mapping: Readonly<Record<string, unknown>>; reporter: Reporter } | { failure: string };
  /** Asks for a file to be made at start, because the option names one that is not there. */
  createFile(path: string, content: string, what: string): void;
}

/** A place in the configuration: where a value stands, and where to report what is wrong with it. */
export class Site {
  readonly path: readonly PathSegment[];
  readonly reporter: Reporter;

  constructor(reporter: Reporter, path: readonly PathSegment[]) {
    this.reporter = reporter;
    this.path = path;
  }

  child(segment: PathSegment): Site {
    return new Site(this.reporter, [...this.path, segment]);
  }

  /** The place of an option that stands beside this one. */
  sibling(segment: PathSegment): Site {
    return new Site(this.reporter, [...this.path.slice(0, -1), segment]);
  }

  refuse(expected: string, found: string): typeof INVALID {
    this.reporter.problem(this.path, expected, found);
    return INVALID;
  }
}

/** `listeners[0].port` */
export function formatPath(path: readonly PathSegment[]): string {
  return path
    .map((part, index) =>
      typeof part === 'number' ? `[${part}]` : index === 0 ? part : `.${part}`,
    )
    .join('');
}

const FOUND_CHARACTERS_MAX = 60;

/** A short description of a value for a problem's "found". */
export function describeFound(value: unknown): string {
  if (value === null || value === undefined) return 'nothing';
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (value instanceof Date) return 'a date (put it in quotes to make it text)';
  if (typeof value === 'object') return 'a mapping';
  const text = JSON.stringify(value) ?? typeof value;
  return text.length > FOUND_CHARACTERS_MAX ? `${text.slice(0, FOUND_CHARACTERS_MAX)}…` : text;
}

/** Like `describeFound`, without the content: for secrets. */
export function describeKind(value: unknown): string {
  if (value === null || value === undefined || typeof value === 'object') {
    return describeFound(value);
  }
  if (typeof value === 'string') return value === '' ? 'an empty text' : 'a text';
  return `a ${typeof value}`;
}
