/** Client-server API, "Serving inline content". */
const inlineTypes: ReadonlySet<string> = new Set([
  'text/css',
  'text/plain',
  'text/csv',
  'application/json',
  'application/ld+json',
  'image/jpeg',
  'image/gif',
  'image/png',
  'image/apng',
  'image/webp',
  'image/avif',
  'video/mp4',
  'video/webm',
  'video/ogg',
  'video/quicktime',
  'audio/mp4',
  'audio/webm',
  'audio/aac',
  'audio/mpeg',
  'audio/ogg',
  'audio/wave',
  'audio/wav',
  'audio/x-wav',
  'audio/x-pn-wav',
  'audio/flac',
  'audio/x-flac',
]);

/** The `Content-Disposition` of media of that type, as RFC 6266 and RFC 8187 write file names. */
export function contentDisposition(mediaType: string, fileName: string | undefined): string {
  const essence = (mediaType.split(';', 1)[0] ?? '').trim().toLowerCase();
  const disposition = inlineTypes.has(essence) ? 'inline' : 'attachment';
  const name = fileName?.replaceAll(/[\u0000-\u001f\u007f]/g, '').toWellFormed() ?? '';
  if (name === '') return disposition;
  if (/^[\x20-\x7e]*$/.test(name)) {
    return `${disposition}; filename="${name.replaceAll(/["\\]/g, String.raw`\$&`)}"`;
  }
  return `${disposition}; filename*=utf-8''${encodeExtended(name)}`;
}

function encodeExtended(name: string): string {
  return encodeURIComponent(name).replaceAll(
    /['()*]/g,
    (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

/** The file name in a `Content-Disposition`; undefined where it has none that can be read. */
export function fileNameIn(header: string | undefined): string | undefined {
  if (header === undefined) return undefined;
  const extended = /;\s*filename\*\s*=\s*utf-8'[^']*'([^;\s]+)/i.exec(header)?.[1];
  if (extended !== undefined) {
    try {
      return decodeURIComponent(extended);
    } catch {
      return undefined;
    }
  }
  const quoted = /;\s*filename\s*=\s*"((?:[^"\\]|\\.)*)"/i.exec(header)?.[1];
  if (quoted !== undefined) return quoted.replaceAll(/\\(.)/g, '$1');
  return /;\s*filename\s*=\s*([^;\s"]+)/i.exec(header)?.[1];
}
