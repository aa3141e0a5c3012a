import type { Reply } from './response.ts';
import { ByteStream, reply } from './response.ts';

/** Bytes from `start` up to and without `end`. */
interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/** A file that never changes, or one that is still arriving. */
export interface ServedFile {
  readonly contentType: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Undefined while it is arriving: then it has no ranges. */
  readonly known: { readonly bytes: number; readonly etag: string } | undefined;
  open(range: ByteRange): Promise<AsyncIterable<Uint8Array>>;
}

interface FileRequest {
  header(name: string): string | undefined;
}

/** Answers with the file, a range of it, or that the client has it already (RFC 9110, sections 13 and 14). */
export async function fileResponse(request: FileRequest, file: ServedFile): Promise<Reply> {
  const { known, contentType } = file;
  if (known === undefined) {
    const chunks = await file.open({ start: 0, end: Number.MAX_SAFE_INTEGER });
    return reply(new ByteStream(chunks, contentType), { headers: file.headers });
  }
  const { bytes, etag } = known;
  const headers = { ...file.headers, ETag: etag, 'Accept-Ranges': 'bytes' };
  if (matches(request.header('if-none-match'), etag)) {
    return reply(new ByteStream(nothing(), contentType), { status: 304, headers });
  }
  const ifRange = request.header('if-range');
  const asked = ifRange === undefined || ifRange === etag ? request.header('range') : undefined;
  const range = asked === undefined ? undefined : rangeIn(asked, bytes);
  if (range === 'unsatisfiable') {
    const body = { errcode: 'M_UNKNOWN', error: 'The file has no such bytes' };
    return reply(body, { status: 416, headers: { 'Content-Range': `bytes */${bytes}` } });
  }
  const { start, end } = range ?? { start: 0, end: bytes };
  const body = new ByteStream(await file.open({ start, end }), contentType, end - start);
  if (range === undefined) return reply(body, { headers });
  const contentRange = `bytes ${start}-${end - 1}/${bytes}`;
  return reply(body, { status: 206, headers: { ...headers, 'Content-Range': contentRange } });
}

/** Without a length: it would be taken for that of the file. */
async function* nothing(): AsyncGenerator<Uint8Array> {}

function matches(header: string | undefined, etag: string): boolean {
  if (header === undefined) return false;
  return header.split(',').some((each) => ['*', etag, `W/${etag}`].includes(each.trim()));
}

/** Undefined for what may be ignored: another unit, several ranges, nonsense. */
function rangeIn(header: string, bytes: number): ByteRange | 'unsatisfiable' | undefined {
  const match = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(header.trim());
  const [first, last] = [match?.[1] ?? '', match?.[2] ?? ''];
  if (first === '' && last === '') return undefined;
  if (first === '') {
    const count = Math.min(Number(last), bytes);
    return count === 0 ? 'unsatisfiable' : { start: bytes - count, end: bytes };
  }
  const start = Number(first);
  const end = last === '' ? bytes : Math.min(Number(last) + 1, bytes);
  if (last !== '' && Number(last) < start) return undefined;
  return start >= bytes ? 'unsatisfiable' : { start, end };
}
