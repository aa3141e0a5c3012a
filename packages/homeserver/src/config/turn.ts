import { anyMapping, convert, listOf, object } from './schema/compounds.ts';
import { fileOption, option } from './schema/option.ts';
import { flag, secret, text } from './schema/scalars.ts';
import { section } from './schema/section.ts';
import type { SectionValue } from './schema/section.ts';
import { duration } from './schema/units.ts';

export type TurnConfig = SectionValue<typeof turnSection>;

const RTC_TRANSPORT = 'a mapping with the type of the transport';

const rtcTransport = convert(anyMapping, (transport, site) =>
  typeof transport['type'] === 'string'
    ? transport
    : site.refuse(RTC_TRANSPORT, 'one without a type'),
);

const matrixRtc = object({
  transports: option({
    name: 'transports',
    valueType: listOf(rtcTransport),
    default: [],
    description: 'Each with a `type`, and what clients need for it.',
  }),
});

export const turnSection = section(
  'TURN',
  {
    uris: option({
      name: 'turn_uris',
      valueType: listOf(text('the address of a TURN server')),
      default: [],
      description: 'The TURN servers through which calls reach those behind firewalls.',
      example: ['turn:turn.example.org'],
    }),
    sharedSecret: fileOption({
      name: 'turn_shared_secret',
      valueType: secret,
      description: 'The secret that the TURN servers check the passwords of users by.',
    }),
    username: option({
      name: 'turn_username',
      valueType: text(),
      description: 'The name that everybody uses, where there is no shared secret.',
    }),
    password: option({
      name: 'turn_password',
      valueType: secret,
      description: 'The password that belongs to `turn_username`.',
    }),
    userLifetimeMs: option({
      name: 'turn_user_lifetime',
      valueType: duration,
      default: '1h',
      description: 'How long a user may use what the server hands out.',
    }),
    allowGuests: option({
      name: 'turn_allow_guests',
      valueType: flag,
      default: true,
      description: 'Whether guests may use the TURN servers.',
    }),
    matrixRtc: option({
      name: 'matrix_rtc',
      valueType: matrixRtc,
      default: {},
      description: 'What carries the sound and pictures of group calls (MSC4143).',
      example: {
        transports: [{ type: 'livekit', livekit_service_url: 'https://rtc.example.org' }],
      },
    }),
  },
  (values) => values,
);
