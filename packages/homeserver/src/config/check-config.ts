import type { Config } from './config.ts';
import type { Site } from './schema/site.ts';

/** Reports what does not go together across sections. */
export function checkConfig(config: Config, siteOf: (name: string) => Site): void {
  if (config.listeners.some(({ tls }) => tls)) {
    const { certificatePath, privateKeyPath } = config.tls;
    const expected = 'a path, because a listener has tls: true';
    if (certificatePath === undefined) siteOf('tls_certificate_path').refuse(expected, 'nothing');
    if (privateKeyPath === undefined) siteOf('tls_private_key_path').refuse(expected, 'nothing');
  }
}
