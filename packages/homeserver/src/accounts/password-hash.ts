import { argon2, randomBytes, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';

export interface PepperOptions {
  /** Added to every password before hashing: `password_config.pepper`; empty for none. */
  readonly pepper: string;
}

interface Argon2Hash {
  readonly memory: number;
  readonly passes: number;
  readonly parallelism: number;
  readonly salt: Buffer;
  readonly tag: Buffer;
}

/** OWASP's first recommendation for argon2id: 19 MiB, two passes, one lane. */
const COST = { memory: 19_456, passes: 2, parallelism: 1 };
const SALT_BYTES = 16;
const TAG_BYTES = 32;

/** A hash from elsewhere must not cost more than this to check. */
const MEMORY_KIB_MAX = 1024 * 1024;
const PASSES_MAX = 100;
const PARALLELISM_MAX = 64;

const ARGON2_VERSION = 19;
const PHC =
  /^\$argon2id\$v=19\$m=(\d{1,8}),t=(\d{1,4}),p=(\d{1,3})\$([A-Za-z0-9+/]{11,86})\$([A-Za-z0-9+/]{16,172})$/;
const BCRYPT = /^\$2[aby]\$\d\d\$[./A-Za-z0-9]{53}$/;

const runArgon2 = promisify(argon2);

/** Hashes with argon2id, off the event loop; returns a PHC string. */
export async function hashPassword(password: string, { pepper }: PepperOptions): Promise<string> {
  const salt = randomBytes(SALT_BYTES);
  const tag = await derive(password, pepper, { ...COST, salt, tagBytes: TAG_BYTES });
  const { memory, passes, parallelism } = COST;
  const cost = `m=${memory},t=${passes},p=${parallelism}`;
  return `$argon2id$v=${ARGON2_VERSION}$${cost}$${unpadded(salt)}$${unpadded(tag)}`;
}

/**
 * Whether the password fits the hash: argon2id as a PHC string, or Synapse's bcrypt. False for a
 * text that is neither, as for an account without a password.
 */
export async function verifyPassword(
  password: string,
  stored: string,
  { pepper }: PepperOptions,
): Promise<boolean> {
  if (BCRYPT.test(stored)) {
    // Loaded where an account of Synapse's needs it: most servers have none.
    const { verify } = await import('@node-rs/bcrypt');
    return verify(normalise(password, pepper), stored);
  }
  const hash = parsePhc(stored);
  if (hash === undefined) return false;
  const tag = await derive(password, pepper, { ...hash, tagBytes: hash.tag.length });
  return timingSafeEqual(tag, hash.tag);
}

function derive(
  password: string,
  pepper: string,
  cost: Omit<Argon2Hash, 'tag'> & { readonly tagBytes: number },
): Promise<Buffer> {
  const { memory, passes, parallelism, salt, tagBytes } = cost;
  return runArgon2('argon2id', {
    message: normalise(password, pepper),
    nonce: salt,
    memory,
    passes,
    parallelism,
    tagLength: tagBytes,
  });
}

function parsePhc(text: string): Argon2Hash | undefined {
  const [, memory, passes, parallelism, salt, tag] = PHC.exec(text) ?? [];
  if (salt === undefined || tag === undefined) return undefined;
  const hash = {
    memory: Number(memory),
    passes: Number(passes),
    parallelism: Number(parallelism),
    salt: Buffer.from(salt, 'base64'),
    tag: Buffer.from(tag, 'base64'),
  };
  const possible =
    hash.passes >= 1 &&
    hash.passes <= PASSES_MAX &&
    hash.parallelism >= 1 &&
    hash.parallelism <= PARALLELISM_MAX &&
    hash.memory >= 8 * hash.parallelism &&
    hash.memory <= MEMORY_KIB_MAX;
  return possible ? hash : undefined;
}

/** As Synapse does it, so that its hashes stay valid: compatibility form, then the pepper. */
function normalise(password: string, pepper: string): string {
  return password.normalize('NFKC') + pepper;
}

function unpadded(bytes: Buffer): string {
  return bytes.toString('base64').replace(/=+$/, '');
}
