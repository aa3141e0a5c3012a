import { readApplicationServiceFile } from './application-service-file.ts';
import type { ApplicationServiceConfig } from './application-service-file.ts';
import { convert, listOf } from './schema/compounds.ts';
import { option } from './schema/option.ts';
import { flag, path } from './schema/scalars.ts';
import { section } from './schema/section.ts';
import type { SectionValue } from './schema/section.ts';
import { INVALID } from './schema/site.ts';
import type { Site } from './schema/site.ts';

export type ApplicationServicesConfig = SectionValue<typeof applicationServicesSection>;

export const applicationServicesSection = section(
  'Application services',
  {
    services: option({
      name: 'app_service_config_files',
      valueType: listOf(
        convert(path, (file, site) => {
          const service = readApplicationServiceFile(file, site);
          return service === INVALID ? INVALID : { file, service };
        }),
      ),
      default: [],
      description:
        'The registration files of application services, such as bridges write them. They are read at start.',
    }),
    trackUserIps: option({
      name: 'track_appservice_user_ips',
      valueType: flag,
      default: false,
      description:
        'Whether a device counts as used, with the address, when an application service acts as it.',
    }),
    sendsTokenInQuery: option({
      name: 'use_appservice_legacy_authorization',
      valueType: flag,
      default: false,
      description:
        'Whether requests to application services carry the token in the query too, as they did before ' +
        'version 1.4 of the specification.',
    }),
  },
  ({ services, trackUserIps, sendsTokenInQuery }, siteOf) => {
    const site = siteOf('app_service_config_files');
    const unique =
      areUnique(services, site, 'id', ({ id }) => id) &&
      areUnique(services, site, 'as_token', ({ asToken }) => asToken);
    if (!unique) return INVALID;
    return { services: services.map(({ service }) => service), trackUserIps, sendsTokenInQuery };
  },
);

/** Application Service API, "Registration": each `id` and `as_token` must be unique. */
function areUnique(
  services: readonly { readonly file: string; readonly service: ApplicationServiceConfig }[],
  site: Site,
  field: string,
  valueOf: (service: ApplicationServiceConfig) => string,
): boolean {
  const files = new Map<string, string>();
  for (const [index, { file, service }] of services.entries()) {
    const other = files.get(valueOf(service));
    if (other !== undefined) {
      site
        .child(index)
        .refuse(`another ${field} in each file`, `that of ${other} in ${file} again`);
      return false;
    }
    files.set(valueOf(service), file);
  }
  return true;
}
