/** Whether a user ID belongs to that server; cheap enough to be asked of every event's sender. */
export function isLocalUser(userId: string, serverName: string): boolean {
  const colon = userId.indexOf(':');
  return userId.length - colon - 1 === serverName.length && userId.endsWith(serverName);
}
