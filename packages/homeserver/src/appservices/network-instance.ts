/** A network of a service, as clients name it in the directory of published rooms: in Synapse's form. */
export function networkInstanceId(serviceId: string, networkId: string): string {
  return `${serviceId}|${networkId}`;
}

/** What such an ID names; a text of another form is a network of which nobody publishes rooms. */
export function parseNetworkInstanceId(text: string): {
  readonly serviceId: string;
  readonly networkId: string;
} {
  const at = text.indexOf('|');
  if (at === -1) return { serviceId: text, networkId: '' };
  return { serviceId: text.slice(0, at), networkId: text.slice(at + 1) };
}
