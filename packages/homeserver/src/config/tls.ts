import { option } from './schema/option.ts';
import { path } from './schema/scalars.ts';
import { section } from './schema/section.ts';
import type { SectionValue } from './schema/section.ts';

export type TlsConfig = SectionValue<typeof tlsSection>;

export const tlsSection = section(
  'TLS',
  {
    certificatePath: option({
      name: 'tls_certificate_path',
      valueType: path,
      description: 'The certificate, with its chain, in PEM, for listeners with `tls: true`.',
      example: 'example.org.crt',
    }),
    privateKeyPath: option({
      name: 'tls_private_key_path',
      valueType: path,
      description: 'The key of that certificate, in PEM.',
      example: 'example.org.key',
    }),
  },
  (values) => values,
);
