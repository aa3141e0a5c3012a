/** Whether a user ID belongs to that server; cheap enough to be asked of every event's sender. */
export function isLocalUser(userId: string, serverName: string): boolean {
  const colon = userId.indexOf(':');
  if (colon === -1 || userId.length - colon - 1 !== serverName.length) return false;
  return userId.endsWith(serverName);
}
