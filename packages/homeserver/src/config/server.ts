import { parseServerName, parseUserId } from '@soma/protocol';
import type { ServerName } from '@soma/protocol';

import { anyMapping, convert, listOf, object } from './schema/compounds.ts';
import { option } from './schema/option.ts';
import { flag, path, text } from './schema/scalars.ts';
import { section } from './schema/section.ts';
import type { SectionValue } from './schema/section.ts';
import { describeFound } from './schema/site.ts';
import type { ValueType } from './schema/value-type.ts';

export type ServerConfig = SectionValue<typeof serverSection>;

const SERVER_NAME = 'a server name, for example example.org or example.org:8448';

const serverName: ValueType<ServerName> = {
  expected: SERVER_NAME,
  jsonSchema: { type: 'string' },
  read: (value, site) => parseServerName(value) ?? site.refuse(SERVER_NAME, describeFound(value)),
};

/** An http(s) address, read into a form that ends in a slash. */
const baseUrl: ValueType<string> = convert(
  text('an http:// or https:// address', isHttpUrl, { format: 'uri' }),
  (value) => (value.endsWith('/') ? value : `${value}/`),
);

const contactFields = object({
  matrixId: option({
    name: 'matrix_id',
    valueType: text('a user ID', (value) => parseUserId(value) !== undefined),
    description: 'The user ID of the contact, on any server.',
  }),
  emailAddress: option({
    name: 'email_address',
    valueType: text('a mail address', (value) => value.includes('@')),
    description: 'The mail address of the contact.',
  }),
  role: option({
    name: 'role',
    valueType: text('m.role.admin, m.role.security or another namespaced role'),
    default: 'm.role.admin',
    description: 'What the contact is for: `m.role.admin`, or `m.role.security`.',
  }),
});

export type SupportContact = ServerConfig['supportContacts'][number];

/** The specification wants a way to reach each of them. */
const contact = convert(contactFields, (value, site) =>
  value.matrixId === undefined && value.emailAddress === undefined
    ? site.refuse('matrix_id or email_address', 'neither')
    : value,
);

export const serverSection = section(
  'Server',
  {
    serverName: option({
      name: 'server_name',
      valueType: serverName,
      required: true,
      description:
        'The name of the server: what stands after the colon in its user ids and room aliases. It ' +
        'cannot be changed once the database exists.',
      example: 'example.org',
    }),
    publicBaseurl: option({
      name: 'public_baseurl',
      valueType: baseUrl,
      description:
        'The address under which clients reach the server. Where it is set, ' +
        '`/.well-known/matrix/client` is served with it.',
      example: 'https://matrix.example.org/',
      differs: 'When it is not set, no address is assumed from `server_name`.',
    }),
    webClientLocation: option({
      name: 'web_client_location',
      valueType: text('an http:// or https:// address', isHttpUrl, { format: 'uri' }),
      description: 'Where a browser is sent that opens the address of the server itself.',
      example: 'https://app.example.org/',
      differs: 'When it is not set, there is nothing at that address.',
    }),
    serveServerWellknown: option({
      name: 'serve_server_wellknown',
      valueType: flag,
      default: false,
      description:
        'Whether `/.well-known/matrix/server` is served and tells other servers to come to port 443.',
    }),
    extraWellKnownClientContent: option({
      name: 'extra_well_known_client_content',
      valueType: anyMapping,
      default: {},
      description: 'Keys to add to what `/.well-known/matrix/client` answers.',
      example: { 'org.example.key': { enabled: true } },
    }),
    supportContacts: option({
      name: 'support_contacts',
      valueType: listOf(contact),
      default: [],
      description: 'Whom users may ask for help: what `/.well-known/matrix/support` answers.',
      example: [{ email_address: 'admin@example.org', role: 'm.role.admin' }],
      differs: 'Synapse has no such option.',
    }),
    supportPage: option({
      name: 'support_page',
      valueType: text('an http:// or https:// address', isHttpUrl, { format: 'uri' }),
      description: 'A page with help for the users of the server, named in the same place.',
      example: 'https://example.org/support',
      differs: 'Synapse has no such option.',
    }),
    adminContact: option({
      name: 'admin_contact',
      valueType: text('a URI, for example mailto:admin@example.org'),
      description:
        'How users reach the administrator; shown where the server refuses them service.',
      example: 'mailto:admin@example.org',
    }),
    pidFile: option({
      name: 'pid_file',
      valueType: path,
      description: 'A file to write the process id to; it is removed at a regular stop.',
      example: 'homeserver.pid',
      differs: 'It is written whenever it is set, since Soma never leaves the foreground.',
    }),
  },
  (values) => values,
);

function isHttpUrl(value: string): boolean {
  return URL.canParse(value) && /^https?:\/\/[^/]/.test(value);
}
