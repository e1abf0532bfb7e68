// The messages that open a session, IPMI 2.0 section 13.17 to 13.24, as bytes. "Console" is this client.

import type { CipherSuite } from './cipher-suites.ts';
import { demand, parsed } from './packet-reader.ts';

export const NONCE_BYTES = 16;
const GUID_BYTES = 16;
const ALGORITHM_BYTES = 8;
const STATUS_OK = 0;

export const writeOpenSession = (asked: {
  readonly tag: number;
  readonly privilege: number;
  readonly consoleSessionId: number;
  readonly suite: CipherSuite;
}): Buffer => {
  const head = Buffer.alloc(8);
  head.writeUInt8(asked.tag, 0);
  head.writeUInt8(asked.privilege, 1);
  head.writeUInt32LE(asked.consoleSessionId, 4);
  const { authentication, integrity, confidentiality } = asked.suite;
  return Buffer.concat([
    head,
    algorithm(0, authentication),
    algorithm(1, integrity),
    algorithm(2, confidentiality),
  ]);
};

const algorithm = (kind: number, value: number): Buffer =>
  Buffer.from([kind, 0, 0, ALGORITHM_BYTES, value, 0, 0, 0]);

/** Every answer begins so; after a refusal there may be nothing else. */
export type OpeningStatus = { readonly tag: number; readonly status: number };

export const readOpeningStatus = (message: Buffer): OpeningStatus | undefined =>
  parsed(message, (reader) => ({ tag: reader.byte(), status: reader.byte() }));

export type OpenSessionAnswer = {
  readonly consoleSessionId: number;
  readonly bmcSessionId: number;
  readonly authentication: number;
  readonly integrity: number;
  readonly confidentiality: number;
};

export const readOpenSessionAnswer = (message: Buffer): OpenSessionAnswer | undefined =>
  parsed(message, (reader) => {
    reader.byte();
    demand(reader.byte() === STATUS_OK);
    reader.take(2);
    const consoleSessionId = reader.uint32();
    const bmcSessionId = reader.uint32();
    demand(bmcSessionId !== 0);
    const accepted = (kind: number): number => {
      const payload = reader.take(ALGORITHM_BYTES);
      demand(payload.readUInt8(0) === kind);
      return payload.readUInt8(4) & 0x3f;
    };
    return {
      consoleSessionId,
      bmcSessionId,
      authentication: accepted(0),
      integrity: accepted(1),
      confidentiality: accepted(2),
    };
  });

export const writeRakp1 = (asked: {
  readonly tag: number;
  readonly bmcSessionId: number;
  readonly consoleNonce: Buffer;
  readonly role: number;
  readonly username: Buffer;
}): Buffer => {
  const head = Buffer.alloc(8);
  head.writeUInt8(asked.tag, 0);
  head.writeUInt32LE(asked.bmcSessionId, 4);
  return Buffer.concat([
    head,
    asked.consoleNonce,
    Buffer.from([asked.role, 0, 0, asked.username.length]),
    asked.username,
  ]);
};

export type Rakp2 = {
  readonly consoleSessionId: number;
  readonly bmcNonce: Buffer;
  readonly bmcGuid: Buffer;
  readonly proof: Buffer;
};

export const readRakp2 = (message: Buffer): Rakp2 | undefined =>
  parsed(message, (reader) => {
    reader.byte();
    demand(reader.byte() === STATUS_OK);
    reader.take(2);
    return {
      consoleSessionId: reader.uint32(),
      bmcNonce: reader.take(NONCE_BYTES),
      bmcGuid: reader.take(GUID_BYTES),
      proof: reader.rest(),
    };
  });

export const writeRakp3 = (asked: {
  readonly tag: number;
  /** Other than 0: the console gives up, and the BMC may forget the session. */
  readonly status: number;
  readonly bmcSessionId: number;
  readonly proof: Buffer;
}): Buffer => {
  const head = Buffer.alloc(8);
  head.writeUInt8(asked.tag, 0);
  head.writeUInt8(asked.status, 1);
  head.writeUInt32LE(asked.bmcSessionId, 4);
  return Buffer.concat([head, asked.proof]);
};

export type Rakp4 = { readonly consoleSessionId: number; readonly proof: Buffer };

export const readRakp4 = (message: Buffer): Rakp4 | undefined =>
  parsed(message, (reader) => {
    reader.byte();
    demand(reader.byte() === STATUS_OK);
    reader.take(2);
    return { consoleSessionId: reader.uint32(), proof: reader.rest() };
  });
