import { convert, listOf, object } from './schema/compounds.ts';
import { option } from './schema/option.ts';
import { flag, integer, oneOf, path, secret, text } from './schema/scalars.ts';
import { section } from './schema/section.ts';
import type { SectionValue } from './schema/section.ts';
import { INVALID } from './schema/site.ts';
import type { Read, Site } from './schema/site.ts';
import { duration, size } from './schema/units.ts';
import type { ValueType } from './schema/value-type.ts';

export type MediaConfig = SectionValue<typeof mediaSection>;

export interface ThumbnailSize {
  readonly width: number;
  readonly height: number;
  readonly method: 'crop' | 'scale';
}

/** Where media is stored beside the disk, and which of it. */
export interface StorageProviderConfig {
  readonly storeLocal: boolean;
  readonly storeRemote: boolean;
  readonly storeSynchronous: boolean;
  readonly place:
    | { readonly kind: 'folder'; readonly directory: string }
    | ({ readonly kind: 's3' } & S3Config);
}

export interface S3Config {
  readonly bucket: string;
  readonly region: string;
  readonly endpointUrl: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string | undefined;
  readonly prefix: string;
  readonly storageClass: string | undefined;
}

const PIXELS_MAX = 100_000;

const thumbnailSize = object({
  width: option({
    name: 'width',
    valueType: integer(1, PIXELS_MAX, 'a number of pixels'),
    required: true,
    description: 'The width, in pixels.',
  }),
  height: option({
    name: 'height',
    valueType: integer(1, PIXELS_MAX, 'a number of pixels'),
    required: true,
    description: 'The height, in pixels.',
  }),
  method: option({
    name: 'method',
    valueType: oneOf(['crop', 'scale']),
    required: true,
    description: 'Whether the picture is cut to the size or made to fit it.',
  }),
});

const uploadLimit = object({
  timePeriodMs: option({
    name: 'time_period',
    valueType: duration,
    required: true,
    description: 'The time over which uploads are added up.',
  }),
  bytesMax: option({
    name: 'max_size',
    valueType: size,
    required: true,
    description: 'How much one user may upload in that time.',
  }),
});

const retention = object({
  localLifetimeMs: option({
    name: 'local_media_lifetime',
    valueType: duration,
    description: 'How long media of this server’s users is kept after it was last read.',
  }),
  remoteLifetimeMs: option({
    name: 'remote_media_lifetime',
    valueType: duration,
    description: 'How long media of other servers is kept after it was last read.',
  }),
});

const optionalText = (name: string, description: string) =>
  option({ name, valueType: text(), description });

const placeFields = object({
  directory: option({
    name: 'directory',
    valueType: path,
    description: 'For `file_system`: the folder.',
  }),
  bucket: optionalText('bucket', 'For S3: the bucket.'),
  region: option({
    name: 'region_name',
    valueType: text(),
    default: 'us-east-1',
    description: 'For S3: the region, which requests are signed for.',
  }),
  endpointUrl: optionalText('endpoint_url', 'For S3: the address of the service.'),
  accessKeyId: optionalText('access_key_id', 'For S3: who signs the requests.'),
  secretAccessKey: option({
    name: 'secret_access_key',
    valueType: secret,
    description: 'For S3: what requests are signed with.',
  }),
  sessionToken: option({
    name: 'session_token',
    valueType: secret,
    description: 'For S3: the token of temporary credentials.',
  }),
  prefix: option({
    name: 'prefix',
    valueType: text('a text', () => true),
    default: '',
    description: 'For S3: what the names of all objects begin with.',
  }),
  storageClass: optionalText('storage_class', 'For S3: the class of new objects.'),
});

const FILE_SYSTEM = ['file_system', 'synapse.rest.media.v1.storage_provider'];
const S3 = 's3_storage_provider.S3StorageProviderBackend';

const provider: ValueType<StorageProviderConfig> = convert(
  object({
    module: option({
      name: 'module',
      valueType: text(`file_system or ${S3}`),
      required: true,
      description: `\`file_system\`, or \`${S3}\` for an S3-compatible service.`,
    }),
    storeLocal: option({
      name: 'store_local',
      valueType: flag,
      default: false,
      description: 'Whether it gets what users of this server upload.',
    }),
    storeRemote: option({
      name: 'store_remote',
      valueType: flag,
      default: false,
      description: 'Whether it gets what was fetched from other servers.',
    }),
    storeSynchronous: option({
      name: 'store_synchronous',
      valueType: flag,
      default: false,
      description: 'Whether an upload is answered only when the file is there too.',
    }),
    config: option({
      name: 'config',
      valueType: placeFields,
      default: {},
      description: 'What the module needs.',
    }),
  }),
  ({ module, config, ...stores }, site) => {
    const place = FILE_SYSTEM.some((name) => module.startsWith(name))
      ? folderPlace(config, site.child('config'))
      : module === S3
        ? s3Place(config, site.child('config'))
        : site.child('module').refuse(`file_system or ${S3}`, JSON.stringify(module));
    return place === INVALID ? INVALID : { ...stores, place };
  },
);

type PlaceFields = typeof placeFields extends ValueType<infer T> ? T : never;
type Place = StorageProviderConfig['place'];

function folderPlace({ directory }: PlaceFields, site: Site): Read<Place> {
  if (directory === undefined) return site.child('directory').refuse('a path', 'nothing');
  return { kind: 'folder', directory };
}

function s3Place(fields: PlaceFields, site: Site): Read<Place> {
  const { bucket, region, accessKeyId, secretAccessKey, sessionToken, prefix, storageClass } =
    fields;
  const missing = (name: string): typeof INVALID => site.child(name).refuse('a text', 'nothing');
  if (bucket === undefined) return missing('bucket');
  if (accessKeyId === undefined) return missing('access_key_id');
  if (secretAccessKey === undefined) return missing('secret_access_key');
  const endpointUrl = fields.endpointUrl ?? `https://s3.${region}.amazonaws.com`;
  if (!URL.canParse(endpointUrl)) {
    return site.child('endpoint_url').refuse('an address', JSON.stringify(endpointUrl));
  }
  const credentials = { accessKeyId, secretAccessKey, sessionToken };
  return { kind: 's3', bucket, region, endpointUrl, ...credentials, prefix, storageClass };
}

const defaultSizes = [
  { width: 32, height: 32, method: 'crop' },
  { width: 96, height: 96, method: 'crop' },
  { width: 320, height: 240, method: 'scale' },
  { width: 640, height: 480, method: 'scale' },
  { width: 800, height: 600, method: 'scale' },
];

export const mediaSection = section(
  'Media',
  {
    enabled: option({
      name: 'enable_media_repo',
      valueType: flag,
      default: true,
      description: 'Whether the server has a media repository.',
    }),
    isAuthenticated: option({
      name: 'enable_authenticated_media',
      valueType: flag,
      default: true,
      description:
        'Whether media that is stored from now on is only served to those who have an access token.',
    }),
    storePath: option({
      name: 'media_store_path',
      valueType: path,
      default: 'media_store',
      description: 'The folder of the media.',
    }),
    storesOnDisk: option({
      name: 'enable_local_media_storage',
      valueType: flag,
      default: true,
      description:
        'Whether media is kept in `media_store_path`. Without it the storage providers are the ' +
        'only place, and the folder holds what is being uploaded.',
    }),
    storageProviders: option({
      name: 'media_storage_providers',
      valueType: listOf(provider),
      default: [],
      description: 'Further places that media is stored in, and read from when the disk lacks it.',
      example: [
        {
          module: 'file_system',
          store_local: true,
          store_remote: false,
          store_synchronous: true,
          config: { directory: '/mnt/some/other/directory' },
        },
      ],
    }),
    pendingUploadsMax: option({
      name: 'max_pending_media_uploads',
      valueType: integer(0),
      default: 5,
      description: 'How many media ids a user may have reserved and not filled.',
    }),
    unusedExpiryMs: option({
      name: 'unused_expiration_time',
      valueType: duration,
      default: '24h',
      description: 'How long a reserved media id waits for its upload.',
    }),
    uploadBytesMax: option({
      name: 'max_upload_size',
      valueType: size,
      default: '50M',
      description: 'The largest file that is stored, also of other servers.',
    }),
    uploadLimits: option({
      name: 'media_upload_limits',
      valueType: listOf(uploadLimit),
      default: [],
      description: 'How much one user may upload over time.',
      example: [{ time_period: '1h', max_size: '100M' }],
    }),
    imagePixelsMax: option({
      name: 'max_image_pixels',
      valueType: size,
      default: '32M',
      description: 'The largest picture that thumbnails are made of, in pixels.',
    }),
    remoteBurstBytes: option({
      name: 'remote_media_download_burst_count',
      valueType: size,
      default: '500M',
      description: 'How much of other servers’ media one address may have fetched at once.',
    }),
    remoteBytesPerSecond: option({
      name: 'remote_media_download_per_second',
      valueType: size,
      default: '87K',
      description: 'How much of it per second, on average.',
    }),
    blockedServers: option({
      name: 'prevent_media_downloads_from',
      valueType: listOf(text('a server name')),
      default: [],
      description: 'Servers whose media is neither fetched nor served.',
      example: ['evil.example.org'],
    }),
    dynamicThumbnails: option({
      name: 'dynamic_thumbnails',
      valueType: flag,
      default: false,
      description: 'Whether thumbnails are made in the very size that a client asks for.',
    }),
    thumbnailSizes: option({
      name: 'thumbnail_sizes',
      valueType: listOf(thumbnailSize),
      default: defaultSizes,
      description: 'The sizes that thumbnails are made in.',
    }),
    retention: option({
      name: 'media_retention',
      valueType: retention,
      default: {},
      description:
        'How long media is kept. Without a lifetime it is kept for ever. What is quarantined, ' +
        'protected or somebody’s profile picture stays.',
      example: { local_media_lifetime: '90d', remote_media_lifetime: '14d' },
    }),
  },
  (values, siteOf) => {
    const { storesOnDisk, storageProviders } = values;
    const hasPlaces = (['storeLocal', 'storeRemote'] as const).every((kind) =>
      storageProviders.some((each) => each[kind]),
    );
    if (storesOnDisk || hasPlaces) return values;
    const expected =
      'providers with store_local and with store_remote, since the disk stores nothing';
    return siteOf('media_storage_providers').refuse(
      expected,
      `${storageProviders.length} providers`,
    );
  },
);
