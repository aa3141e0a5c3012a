import { object } from './schema/compounds.ts';
import { option } from './schema/option.ts';
import { oneOf, text } from './schema/scalars.ts';
import { section } from './schema/section.ts';
import type { SectionValue } from './schema/section.ts';

export type LoggingConfig = SectionValue<typeof loggingSection>;

const loggingFields = object({
  level: option({
    name: 'level',
    valueType: oneOf(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']),
    default: 'info',
    description: 'The least severity that is logged.',
  }),
});

export const loggingSection = section(
  'Logging',
  {
    logging: option({
      name: 'logging',
      valueType: loggingFields,
      default: {},
      description: 'What is logged, to standard output.',
      example: { level: 'debug' },
      differs: 'Synapse does not have it; it takes the place of `log_config`.',
    }),
    logConfig: option({
      name: 'log_config',
      valueType: text('a path'),
      description: 'Accepted and not read: it names a file for the logging of Python.',
      differs: 'It has no effect. Use `logging`.',
    }),
  },
  ({ logging, logConfig }, siteOf) => {
    if (logConfig !== undefined) {
      siteOf('log_config').reporter.warning(
        'log_config has no effect: it names a file for the logging of Python. Use logging.level.',
      );
    }
    return logging;
  },
);
