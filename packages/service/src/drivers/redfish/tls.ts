// Who is at the other end. A password goes only to a BMC that proved its identity: by a certificate of a known
// CA, or by the one key that the operator pinned. Both are checked before the first byte of a request.

import { createHash, timingSafeEqual, X509Certificate } from 'node:crypto';
import { lookup, type LookupAddress } from 'node:dns';
import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { TLSSocket } from 'node:tls';

import { buildConnector } from 'undici';

import { Failure } from '@bessemer/protocol/errors/failure';

import type { BmcAccess, BmcTrust } from './access.ts';
import type { AddressRules } from '../address-rules.ts';

/** A CA file holds a handful of certificates. */
const CA_BYTES_MAX = 1_048_576;

type Connect = buildConnector.connector;

export const makeConnect = async (
  access: BmcAccess,
  rules: AddressRules,
  timeoutMs: number,
): Promise<Connect> => {
  const ca = await caOf(access.trust);
  const connect = buildConnector({
    timeout: timeoutMs,
    // A resumed TLS session shows no certificate, so there would be nothing to compare a pin with.
    maxCachedSessions: 0,
    allowH2: false,
    rejectUnauthorized: access.trust.isCaChecked,
    ...(ca === undefined ? {} : { ca }),
    lookup: makeLookup(access, rules),
  } as buildConnector.BuildOptions);
  const { pin } = access.trust;
  if (pin === null) return connect;
  return (options, callback) => {
    connect(options, (error, socket) => {
      if (error !== null) {
        callback(error, null);
        return;
      }
      const seen = keyDigestOf(socket);
      if (seen !== undefined && timingSafeEqual(seen, Buffer.from(pin, 'hex'))) {
        callback(null, socket);
        return;
      }
      socket.destroy();
      callback(wrongPin(access, seen), null);
    });
  };
};

/** SHA-256 of the public key (SPKI, DER) of the peer. */
const keyDigestOf = (socket: unknown): Buffer | undefined => {
  if (!(socket instanceof TLSSocket)) return undefined;
  const { raw } = socket.getPeerCertificate();
  if (raw === undefined) return undefined;
  const key = new X509Certificate(raw).publicKey.export({ type: 'spki', format: 'der' });
  return createHash('sha256').update(key).digest();
};

const wrongPin = (access: BmcAccess, seen: Buffer | undefined): Failure =>
  new Failure(
    'bmc.certificate',
    `The BMC at ${access.origin} has another key than redfish_pin says (it shows ${seen?.toString('hex') ?? 'none'}). ` +
      'Nothing was sent to it. If its certificate was renewed on purpose, change redfish_pin.',
  );

const caOf = async (trust: BmcTrust): Promise<string | undefined> => {
  if (trust.caPem !== null) return trust.caPem;
  if (trust.caFile === null) return undefined;
  const unusable = (why: string, cause?: unknown): Failure =>
    new Failure('bmc.certificate', `redfish_verify_ca: ${trust.caFile} ${why}`, { cause });
  let file;
  try {
    // Not blocking: a path to a pipe would otherwise hold a thread of the process for ever.
    file = await open(trust.caFile, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (cause) {
    throw unusable('cannot be opened', cause);
  }
  try {
    const facts = await file.stat();
    if (!facts.isFile() || facts.size > CA_BYTES_MAX)
      throw unusable('is not a file of PEM certificates');
    const text = await file.readFile('utf8');
    if (!text.includes('-----BEGIN CERTIFICATE-----')) throw unusable('holds no PEM certificate');
    return text;
  } finally {
    await file.close();
  }
};

type LookupCallback = (
  error: NodeJS.ErrnoException | null,
  address?: string | LookupAddress[],
  family?: number,
) => void;

/** Resolves like the system does, and hands out only addresses that the rules let pass. */
const makeLookup =
  (access: BmcAccess, rules: AddressRules) =>
  (
    hostname: string,
    options: { all?: boolean; family?: number },
    callback: LookupCallback,
  ): void => {
    lookup(hostname, { ...options, all: true }, (error, addresses) => {
      if (error !== null) {
        callback(error);
        return;
      }
      const passing = addresses.filter(({ address }) => rules.objection(address) === undefined);
      const [first] = passing;
      if (first === undefined) {
        const address = addresses[0]?.address ?? '';
        const reason = rules.objection(address) ?? 'it has no address';
        callback(
          new Failure('node.invalid', `redfish_address: ${access.host} is ${address}: ${reason}`),
        );
      } else if (options.all === true) callback(null, passing);
      else callback(null, first.address, first.family);
    });
  };
