import { MatrixError, notFound } from '../errors/matrix-error.ts';
import { FederationError } from '../federation-client/federation-error.ts';
import type {
  RemoteMedia as RemoteAnswer,
  RemoteMediaOptions,
} from '../federation-client/media/fetch-remote-media.ts';
import { uploadWaitMsDefault } from './limits.ts';
import type { FetchRemoteMedia } from './media.ts';

/** As `open-federation.ts` offers it. */
type Fetch = (
  serverName: string,
  mediaId: string,
  options: RemoteMediaOptions,
) => Promise<RemoteAnswer>;

/** Asks the server that media belongs to, and tells its refusals as this server's own. */
export function askOtherServer(fetch: Fetch, bytesMax: number): FetchRemoteMedia {
  return async (serverName, mediaId, signal) => {
    const options = { timeoutMs: uploadWaitMsDefault, bytesMax, signal };
    const { contentType, contentDisposition, body, discard } = await fetch(
      serverName,
      mediaId,
      options,
    ).catch(tell);
    return { contentType, contentDisposition, bytes: undefined, chunks: told(body, discard) };
  };
}

async function* told(
  body: AsyncIterable<Uint8Array>,
  discard: () => void,
): AsyncGenerator<Uint8Array> {
  try {
    yield* body;
  } catch (error) {
    tell(error);
  } finally {
    // Also when nobody wants the rest.
    discard();
  }
}

function tell(error: unknown): never {
  if (!(error instanceof FederationError)) throw error;
  if (error.status === 404) throw notFound('The other server has no such media');
  if (error.errcode === 'M_NOT_YET_UPLOADED') {
    throw new MatrixError(504, 'M_NOT_YET_UPLOADED', 'The media has not been uploaded yet');
  }
  const errcode = error.errcode === 'M_TOO_LARGE' ? 'M_TOO_LARGE' : 'M_UNKNOWN';
  throw new MatrixError(502, errcode, 'The other server did not give the media');
}
