/**
 * Makes a localpart of any name: small letters, and `=` with the hex of each byte that a localpart cannot hold
 * (appendices, "Mapping from other character sets"). A name that begins with an underscore is not one of a service.
 */
export function mapLocalpart(name: string): string {
  const mapped = Array.from(Buffer.from(name.toLowerCase()), (byte) => {
    const letter = String.fromCharCode(byte);
    return /[a-z0-9_\-./+]/.test(letter) ? letter : `=${byte.toString(16).padStart(2, '0')}`;
  }).join('');
  return mapped.replace(/^_/, '=5f');
}
