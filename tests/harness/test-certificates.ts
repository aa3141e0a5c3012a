import { generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { isIPv4 } from 'node:net';

/** A certificate with its key, both in PEM. */
export interface TestCertificate {
  readonly certificate: string;
  readonly key: string;
}

/** A certificate authority of one test run. */
export interface TestAuthority {
  /** In PEM. */
  readonly certificate: string;
  /** A certificate for names and IPv4 addresses. */
  issue(...hosts: readonly string[]): TestCertificate;
}

const yearMs = 365 * 24 * 3_600_000;
const commonName = '2.5.4.3';
const basicConstraints = '2.5.29.19';
const subjectAltName = '2.5.29.17';
const ecdsaWithSha256 = '1.2.840.10045.4.3.2';

/** Node signs but makes no certificates, so this writes them as X.509 (RFC 5280) in DER. */
export function createTestAuthority(): TestAuthority {
  const name = `Soma test ${randomBytes(4).toString('hex')}`;
  const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const isAuthority = extension(basicConstraints, sequence(primitive(0x01, Buffer.from([0xff]))));
  const make = (subject: string, publicKey: KeyObject, extensions: readonly Buffer[]): string =>
    certificate({ issuer: name, subject, publicKey, signer: pair.privateKey, extensions });
  return {
    certificate: make(name, pair.publicKey, [isAuthority]),
    issue(...hosts) {
      const own = generateKeyPairSync('ec', { namedCurve: 'P-256' });
      const names = extension(subjectAltName, sequence(...hosts.map(generalName)));
      return {
        certificate: make(hosts[0] ?? '', own.publicKey, [names]),
        key: own.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
      };
    },
  };
}

interface CertificateParts {
  readonly issuer: string;
  readonly subject: string;
  readonly publicKey: KeyObject;
  readonly signer: KeyObject;
  readonly extensions: readonly Buffer[];
}

function certificate({ issuer, subject, publicKey, signer, extensions }: CertificateParts): string {
  const nowMs = Date.now();
  const algorithm = sequence(objectId(ecdsaWithSha256));
  const signed = sequence(
    explicit(0, primitive(0x02, Buffer.from([2]))),
    primitive(0x02, Buffer.concat([Buffer.from([1]), randomBytes(8)])),
    algorithm,
    nameOf(issuer),
    sequence(time(nowMs - yearMs), time(nowMs + yearMs)),
    nameOf(subject),
    publicKey.export({ type: 'spki', format: 'der' }),
    explicit(3, sequence(...extensions)),
  );
  const signature = Buffer.concat([Buffer.from([0]), sign('sha256', signed, signer)]);
  const der = sequence(signed, algorithm, primitive(0x03, signature));
  const lines = der.toString('base64').replaceAll(/.{64}(?!$)/g, '$&\n');
  return `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`;
}

function nameOf(text: string): Buffer {
  const attribute = sequence(objectId(commonName), primitive(0x0c, Buffer.from(text)));
  return sequence(primitive(0x31, attribute));
}

function generalName(host: string): Buffer {
  return isIPv4(host)
    ? primitive(0x87, Buffer.from(host.split('.').map(Number)))
    : primitive(0x82, Buffer.from(host, 'latin1'));
}

function extension(id: string, value: Buffer): Buffer {
  return sequence(objectId(id), primitive(0x04, value));
}

/** UTCTime, which reaches until 2049. */
function time(ms: number): Buffer {
  const digits = new Date(ms).toISOString().replaceAll(/\D/g, '').slice(2, 14);
  return primitive(0x17, Buffer.from(`${digits}Z`, 'latin1'));
}

function objectId(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number);
  const bytes = [first * 40 + second];
  for (const arc of rest) {
    const digits = [arc & 0x7f];
    for (let left = arc >> 7; left > 0; left >>= 7) digits.unshift((left & 0x7f) | 0x80);
    bytes.push(...digits);
  }
  return primitive(0x06, Buffer.from(bytes));
}

function explicit(tag: number, content: Buffer): Buffer {
  return primitive(0xa0 + tag, content);
}

function sequence(...parts: readonly Buffer[]): Buffer {
  return primitive(0x30, Buffer.concat(parts));
}

function primitive(tag: number, content: Buffer): Buffer {
  const { length } = content;
  if (length < 0x80) return Buffer.concat([Buffer.from([tag, length]), content]);
  const digits = [length & 0xff];
  for (let left = length >> 8; left > 0; left >>= 8) digits.unshift(left & 0xff);
  return Buffer.concat([Buffer.from([tag, 0x80 + digits.length, ...digits]), content]);
}
