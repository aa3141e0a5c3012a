import { rm } from 'node:fs/promises';

import { MatrixError } from '../errors/matrix-error.ts';
import { fileNameIn } from './content-disposition.ts';
import { chunkBytes, uploadNameLengthMax } from './limits.ts';
import { insertMediaStatements, isStillAbsent } from './media-store.ts';
import type {
  FetchRemoteMedia,
  MediaRepository,
  RemoteDownload,
  RemoteDownloads,
  RemoteMedia,
  RemoteWanted,
} from './media.ts';
import { storeContent } from './store-content.ts';
import { contentKey } from './stores/file-store.ts';
import { openIfThere } from './stores/folder-store.ts';
import type { WrittenFile } from './stores/temporary-files.ts';
import { soundMediaType } from './upload-media.ts';

/** The fetches of this process. */
export class SharedDownloads implements RemoteDownloads {
  readonly #running = new Map<string, RunningDownload>();
  readonly #stop = new AbortController();

  async join(
    repository: MediaRepository,
    wanted: RemoteWanted,
    fetchRemote: FetchRemoteMedia,
  ): Promise<RemoteDownload> {
    const key = `${wanted.serverName}/${wanted.mediaId}`;
    let download = this.#running.get(key);
    if (download === undefined) {
      download = new RunningDownload(repository, wanted, fetchRemote, this.#stop.signal);
      this.#running.set(key, download);
      const forget = (): void => void this.#running.delete(key);
      download.finished.then(forget, forget);
    }
    await download.begun;
    return download;
  }

  close(): void {
    this.#stop.abort();
  }
}

/** One fetch: written to a file as it arrives, from which its readers follow. */
class RunningDownload implements RemoteDownload {
  /** Resolves with the answer's headers. */
  readonly begun: Promise<void>;
  /** Resolves once the media is stored; rejects with what the readers are told. */
  readonly finished: Promise<void>;
  readonly #repository: MediaRepository;
  readonly #path: string;
  #mediaType = '';
  #uploadName: string | undefined;
  #written = 0;
  #file: WrittenFile | undefined;
  #failure: Error | undefined;
  #progress = Promise.withResolvers<void>();

  constructor(
    repository: MediaRepository,
    wanted: RemoteWanted,
    fetchRemote: FetchRemoteMedia,
    stop: AbortSignal,
  ) {
    const giveUp = new AbortController();
    const signal = AbortSignal.any([stop, giveUp.signal]);
    this.#repository = repository;
    this.#path = repository.temporary.newPath();
    const answer = this.#ask(wanted, fetchRemote, signal);
    this.begun = answer.then(() => undefined);
    this.finished = answer.then((remote) => this.#receive(wanted, remote));
    // Those who wait hear of a failure; if nobody does, that is no fault.
    this.finished.catch((error: unknown) => {
      this.#failure = error instanceof Error ? error : new Error(String(error));
      this.#tell();
      // What is refused in the middle need not arrive.
      giveUp.abort();
    });
  }

  get mediaType(): string {
    return this.#mediaType;
  }

  get uploadName(): string | undefined {
    return this.#uploadName;
  }

  async *chunks(): AsyncGenerator<Uint8Array> {
    while (this.#written === 0 && !this.#hasEnded()) await this.#progress.promise;
    this.#throwFailure();
    const file = await openIfThere(this.#path);
    if (file === undefined) {
      yield* await this.#stored();
      return;
    }
    const buffer = Buffer.allocUnsafeSlow(chunkBytes);
    try {
      for (let at = 0; ;) {
        if (at < this.#written) {
          const wanted = Math.min(chunkBytes, this.#written - at);
          const { bytesRead } = await file.read(buffer, 0, wanted, at);
          at += bytesRead;
          yield buffer.subarray(0, bytesRead);
        } else if (this.#hasEnded()) {
          this.#throwFailure();
          return;
        } else {
          await this.#progress.promise;
        }
      }
    } finally {
      await file.close();
    }
  }

  #hasEnded(): boolean {
    return this.#file !== undefined || this.#failure !== undefined;
  }

  #throwFailure(): void {
    if (this.#failure !== undefined) throw this.#failure;
  }

  /** The file is in its place already. */
  async #stored(): Promise<AsyncIterable<Uint8Array>> {
    await this.finished;
    if (this.#file === undefined) throw new Error('a fetch ended without a file');
    const { sha256, bytes } = this.#file;
    const range = { start: 0, end: bytes };
    const chunks = await this.#repository.files.open(contentKey(sha256), range);
    if (chunks === undefined) throw new Error('the file of fetched media is missing');
    return chunks;
  }

  async #ask(
    { serverName, mediaId }: RemoteWanted,
    fetchRemote: FetchRemoteMedia,
    signal: AbortSignal,
  ): Promise<RemoteMedia> {
    const remote = await fetchRemote(serverName, mediaId, signal);
    this.#mediaType = soundMediaType(remote.contentType);
    const name = fileNameIn(remote.contentDisposition);
    this.#uploadName = name?.slice(0, uploadNameLengthMax);
    return remote;
  }

  async #receive(wanted: RemoteWanted, { bytes, chunks }: RemoteMedia): Promise<void> {
    const { temporary } = this.#repository;
    if (bytes !== undefined) {
      this.#checkSize(bytes);
      wanted.countRemoteBytes(bytes);
    }
    const onWritten = (written: number): void => {
      this.#checkSize(written);
      this.#written = written;
      this.#tell();
    };
    const file = await temporary.write(chunks, onWritten, this.#path);
    try {
      if (bytes === undefined) countQuietly(wanted, file.bytes);
      else if (bytes !== file.bytes) throw badGateway('The other server sent half of the media');
      await this.#store(wanted, file);
      this.#file = file;
      this.#tell();
    } finally {
      await rm(file.path, { force: true });
    }
  }

  async #store({ serverName, mediaId }: RemoteWanted, file: WrittenFile): Promise<void> {
    const repository = this.#repository;
    const { config, mediaNids, now } = repository;
    const content = { sha256: file.sha256, bytes: file.bytes };
    const media = {
      nid: await mediaNids.next(),
      origin: serverName,
      mediaId,
      userNid: undefined,
      content,
      mediaType: this.#mediaType,
      uploadName: this.#uploadName,
      nowMs: now(),
      isAuthenticated: config.isAuthenticated,
    };
    // A refusal says that another process has just stored the same.
    await storeContent(repository, file, false, {
      statements: insertMediaStatements(media),
      guards: [isStillAbsent(serverName, mediaId)],
    });
    repository.thumbnails.makeInAdvance(repository, content, media.mediaType, false);
  }

  #checkSize(bytes: number): void {
    const { uploadBytesMax } = this.#repository.config;
    if (bytes <= uploadBytesMax) return;
    throw new MatrixError(502, 'M_TOO_LARGE', `The media is larger than ${uploadBytesMax} bytes`);
  }

  #tell(): void {
    const told = this.#progress;
    this.#progress = Promise.withResolvers<void>();
    told.resolve();
  }
}

/** The bytes are here already: the next fetch will be refused. */
function countQuietly({ countRemoteBytes }: RemoteWanted, bytes: number): void {
  try {
    countRemoteBytes(bytes);
  } catch (error) {
    if (!(error instanceof MatrixError)) throw error;
  }
}

function badGateway(message: string): MatrixError {
  return new MatrixError(502, 'M_UNKNOWN', message);
}
