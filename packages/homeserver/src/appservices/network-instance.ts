/** A network of a service, as clients name it in the directory of published rooms: in Synapse's form. */
export function networkInstanceId(serviceId: string, networkId: string): string {
  return `${serviceId}|${networkId}`;
}

/** What such an ID names; undefined for what is none. */
export function parseNetworkInstanceId(
  text: string,
): { readonly serviceId: string; readonly networkId: string } | undefined {
  const [serviceId, networkId, ...others] = text.split('|');
  if (serviceId === undefined || networkId === undefined || others.length > 0) return undefined;
  return { serviceId, networkId };
}
