/** Bounds of what {@link streamObject} takes. */
export interface StreamLimits {
  /** Of one item of a list. */
  readonly itemBytesMax: number;
  /** Of all items of all lists. */
  readonly itemsMax: number;
  /** Of any other value. */
  readonly valueBytesMax: number;
}

/** One item of a list, or the whole of another value, as JSON text that has not been parsed. */
export interface StreamedPart {
  readonly key: string;
  readonly isItem: boolean;
  readonly text: string;
}

/** The text is not the object that was expected, or beyond the limits. */
export class StreamFault extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'StreamFault';
  }
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_LIST = 0x5b;
const CLOSE_LIST = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

/** What may come next between two values. */
type Place =
  | 'start'
  | 'status'
  | 'first-key'
  | 'key'
  | 'colon'
  | 'value'
  | 'first-item'
  | 'item'
  | 'after-item'
  | 'after-value'
  | 'after-object'
  | 'end';

/** What is being taken: the text of a key, an item of a list, or another value. */
type Taking = 'key' | 'item' | 'value';

/**
 * Reads a JSON object as it arrives, without ever holding it whole: the items of the lists named `lists` come one by
 * one, everything else by its key. With `afterStatus` the object is the second item of a list, after a number (as in
 * `[200, {…}]`, the answers of the federation API's v1). Each text is a value on its own and still to be parsed.
 * Throws a {@link StreamFault}.
 */
export async function* streamObject(
  body: AsyncIterable<Buffer>,
  lists: readonly string[],
  limits: StreamLimits,
  afterStatus = false,
): AsyncGenerator<StreamedPart, void, undefined> {
  const scanner = new ObjectScanner(lists, limits, afterStatus);
  for await (const chunk of body) yield* scanner.take(chunk);
  scanner.finish();
}

class ObjectScanner {
  readonly #lists: ReadonlySet<string>;
  readonly #limits: StreamLimits;
  readonly #afterStatus: boolean;
  #place: Place = 'start';
  #key = '';
  #items = 0;
  #taking: Taking | undefined;
  #taken: Buffer[] = [];
  #takenBytes = 0;
  /** Objects and lists that are open within the value that is being taken. */
  #depth = 0;
  #inString = false;
  #escaped = false;

  constructor(lists: readonly string[], limits: StreamLimits, afterStatus: boolean) {
    this.#lists = new Set(lists);
    this.#limits = limits;
    this.#afterStatus = afterStatus;
  }

  *take(chunk: Buffer): Generator<StreamedPart, void, undefined> {
    let at = 0;
    while (at < chunk.length) {
      if (this.#taking === undefined) {
        at = this.#step(chunk, at);
        continue;
      }
      const end = this.#endOfValue(chunk, at);
      this.#keep(chunk.subarray(at, end ?? chunk.length));
      if (end === undefined) return;
      at = end;
      const part = this.#finishValue();
      if (part !== undefined) yield part;
    }
  }

  finish(): void {
    if (this.#place !== 'end' || this.#taking !== undefined) {
      throw new StreamFault('the answer ended too early');
    }
  }

  /** Handles one byte between values; gives where to go on. */
  #step(chunk: Buffer, at: number): number {
    const byte = chunk[at] ?? 0;
    if (byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09) return at + 1;
    switch (this.#place) {
      case 'start':
        this.#expect(byte, this.#afterStatus ? OPEN_LIST : OPEN_OBJECT);
        this.#place = this.#afterStatus ? 'status' : 'first-key';
        return at + 1;
      case 'status':
        if (byte === OPEN_OBJECT) this.#place = 'first-key';
        else if (!isDigit(byte) && byte !== COMMA) throw unexpected(byte);
        return at + 1;
      case 'first-key':
      case 'key':
        if (byte === CLOSE_OBJECT && this.#place === 'first-key') return this.#end(at);
        this.#expect(byte, QUOTE);
        return this.#begin('key', at);
      case 'colon':
        this.#expect(byte, COLON);
        this.#place = 'value';
        return at + 1;
      case 'value':
        if (byte !== OPEN_LIST || !this.#lists.has(this.#key)) return this.#begin('value', at);
        this.#place = 'first-item';
        return at + 1;
      case 'first-item':
      case 'item':
        if (byte !== CLOSE_LIST || this.#place === 'item') return this.#begin('item', at);
        this.#place = 'after-value';
        return at + 1;
      case 'after-item':
        if (byte !== COMMA) this.#expect(byte, CLOSE_LIST);
        this.#place = byte === COMMA ? 'item' : 'after-value';
        return at + 1;
      case 'after-value':
        if (byte === CLOSE_OBJECT) return this.#end(at);
        this.#expect(byte, COMMA);
        this.#place = 'key';
        return at + 1;
      case 'after-object':
        this.#expect(byte, CLOSE_LIST);
        this.#place = 'end';
        return at + 1;
      case 'end':
        throw unexpected(byte);
    }
  }

  #end(at: number): number {
    this.#place = this.#afterStatus ? 'after-object' : 'end';
    return at + 1;
  }

  #expect(byte: number, expected: number): void {
    if (byte !== expected) throw unexpected(byte);
  }

  #begin(taking: Taking, at: number): number {
    this.#taking = taking;
    this.#depth = 0;
    this.#inString = false;
    this.#escaped = false;
    return at;
  }

  /** Where the value that is being taken ends, exclusive; undefined when that is not in this chunk. */
  #endOfValue(chunk: Buffer, from: number): number | undefined {
    for (let at = from; at < chunk.length; at += 1) {
      const byte = chunk[at];
      if (this.#inString) {
        if (this.#escaped) this.#escaped = false;
        else if (byte === BACKSLASH) this.#escaped = true;
        else if (byte === QUOTE) {
          this.#inString = false;
          if (this.#depth === 0) return at + 1;
        }
      } else if (byte === QUOTE) {
        this.#inString = true;
      } else if (byte === OPEN_OBJECT || byte === OPEN_LIST) {
        this.#depth += 1;
      } else if (byte === CLOSE_OBJECT || byte === CLOSE_LIST) {
        // A number or a word ends before what closes the list or object around it.
        if (this.#depth === 0) return at;
        this.#depth -= 1;
        if (this.#depth === 0) return at + 1;
      } else if (byte === COMMA && this.#depth === 0) {
        return at;
      }
    }
    return undefined;
  }

  #keep(piece: Buffer): void {
    this.#takenBytes += piece.length;
    const { itemBytesMax, valueBytesMax } = this.#limits;
    const bytesMax = this.#taking === 'item' ? itemBytesMax : valueBytesMax;
    if (this.#takenBytes > bytesMax) throw new StreamFault('a value of the answer is too long');
    this.#taken.push(piece);
  }

  #finishValue(): StreamedPart | undefined {
    const [first] = this.#taken;
    const bytes =
      first !== undefined && this.#taken.length === 1 ? first : Buffer.concat(this.#taken);
    const text = bytes.toString('utf8');
    const taking = this.#taking;
    this.#taking = undefined;
    this.#taken = [];
    this.#takenBytes = 0;
    if (taking === 'key') {
      this.#key = parseKey(text);
      this.#place = 'colon';
      return undefined;
    }
    const isItem = taking === 'item';
    this.#place = isItem ? 'after-item' : 'after-value';
    if (isItem && (this.#items += 1) > this.#limits.itemsMax) {
      throw new StreamFault('the answer has too many items');
    }
    return { key: this.#key, isItem, text };
  }
}

function parseKey(text: string): string {
  try {
    return String(JSON.parse(text));
  } catch {
    throw new StreamFault('a key of the answer is not JSON');
  }
}

function isDigit(byte: number): boolean {
  return byte >= 0x30 && byte <= 0x39;
}

function unexpected(byte: number): StreamFault {
  return new StreamFault(`unexpected ${JSON.stringify(String.fromCharCode(byte))} in the answer`);
}
