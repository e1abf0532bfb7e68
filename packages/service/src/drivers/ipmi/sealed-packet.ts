// Packets inside of a session: encrypted with AES-CBC-128, then marked with an HMAC over all but the outermost
// header. The mark is checked before anything else is looked at; plain or unmarked packets are not accepted, even
// though the protocol allows a BMC to send them.

import { createCipheriv, createDecipheriv, type KeyObject } from 'node:crypto';

import type { CipherSuite } from './cipher-suites.ts';
import { isSameProof, packetMark, type SessionKeys } from './key-material.ts';
import { demand, parsed, type PacketReader } from './packet-reader.ts';
import { RMCP_CLASS, unwrapRmcp, wrapRmcp } from './rmcp.ts';
import { AUTH_TYPE, PAYLOAD } from './session-packet.ts';

const ENCRYPTED = 0x80;
const AUTHENTICATED = 0x40;
const SEALED_IPMI = ENCRYPTED | AUTHENTICATED | PAYLOAD.ipmi;
const BLOCK_BYTES = 16;
const HEADER_BYTES = 12;
/** The marked part is a multiple of this long. */
const MARK_ALIGNMENT_BYTES = 4;
const PAD_BYTE = 0xff;
const NEXT_HEADER = 0x07;

export type SealedPacket = { readonly number: number; readonly message: Buffer };

export const sealPacket = (
  suite: CipherSuite,
  keys: SessionKeys,
  packet: {
    readonly sessionId: number;
    readonly number: number;
    readonly iv: Buffer;
    readonly message: Buffer;
  },
): Buffer => {
  const payload = encrypt(keys.encryption, packet.iv, packet.message);
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeUInt8(AUTH_TYPE.rmcpPlus, 0);
  header.writeUInt8(SEALED_IPMI, 1);
  header.writeUInt32LE(packet.sessionId, 2);
  header.writeUInt32LE(packet.number, 6);
  header.writeUInt16LE(payload.length, 10);
  const unpadded = HEADER_BYTES + payload.length + 2;
  const padBytes = (MARK_ALIGNMENT_BYTES - (unpadded % MARK_ALIGNMENT_BYTES)) % 4;
  const covered = Buffer.concat([
    header,
    payload,
    Buffer.alloc(padBytes, PAD_BYTE),
    Buffer.from([padBytes, NEXT_HEADER]),
  ]);
  return wrapRmcp(
    RMCP_CLASS.ipmi,
    Buffer.concat([covered, packetMark(suite, keys.integrity, covered)]),
  );
};

export type Opened =
  | { readonly kind: 'opened'; readonly packet: SealedPacket }
  /** Of another session, or of none: not ours to judge. */
  | { readonly kind: 'foreign' }
  /** It claims to be of this session and its mark is wrong. */
  | { readonly kind: 'altered' };

export const openPacket = (
  suite: CipherSuite,
  keys: SessionKeys,
  sessionId: number,
  datagram: Buffer,
): Opened => {
  const body = unwrapRmcp(RMCP_CLASS.ipmi, datagram);
  const claimed = body === undefined ? undefined : parsed(body, readHeader);
  if (body === undefined || claimed?.sessionId !== sessionId) return { kind: 'foreign' };
  const covered = body.subarray(0, Math.max(0, body.length - suite.integrityBytes));
  const mark = body.subarray(covered.length);
  if (!isSameProof(packetMark(suite, keys.integrity, covered), mark)) return { kind: 'altered' };
  const packet = parsed(covered, (reader) => {
    const { number, payloadBytes } = readHeader(reader);
    demand(covered[1] === SEALED_IPMI);
    const payload = reader.take(payloadBytes);
    const padBytes = reader.leftBytes() - 2;
    demand(padBytes >= 0 && padBytes < MARK_ALIGNMENT_BYTES);
    reader.take(padBytes);
    demand(reader.byte() === padBytes);
    return { number, message: decrypt(keys.encryption, payload) };
  });
  return packet === undefined ? { kind: 'altered' } : { kind: 'opened', packet };
};

const readHeader = (reader: PacketReader) => {
  demand(reader.byte() === AUTH_TYPE.rmcpPlus);
  reader.byte();
  return {
    sessionId: reader.uint32(),
    number: reader.uint32(),
    payloadBytes: reader.uint16(),
  };
};

/** The padding counts up from 1, and its length ends it: the cipher library's own padding is another. */
const encrypt = (key: KeyObject, iv: Buffer, message: Buffer): Buffer => {
  const padBytes = (BLOCK_BYTES - ((message.length + 1) % BLOCK_BYTES)) % BLOCK_BYTES;
  const trailer = Buffer.from([...Array.from({ length: padBytes }, (_, at) => at + 1), padBytes]);
  const cipher = createCipheriv('aes-128-cbc', key, iv).setAutoPadding(false);
  return Buffer.concat([iv, cipher.update(message), cipher.update(trailer), cipher.final()]);
};

const decrypt = (key: KeyObject, payload: Buffer): Buffer => {
  demand(payload.length >= 2 * BLOCK_BYTES && payload.length % BLOCK_BYTES === 0);
  const iv = payload.subarray(0, BLOCK_BYTES);
  const cipher = createDecipheriv('aes-128-cbc', key, iv).setAutoPadding(false);
  const plain = Buffer.concat([cipher.update(payload.subarray(BLOCK_BYTES)), cipher.final()]);
  const padBytes = plain.readUInt8(plain.length - 1);
  demand(padBytes < BLOCK_BYTES && padBytes < plain.length);
  const message = plain.subarray(0, plain.length - 1 - padBytes);
  const pad = plain.subarray(message.length, plain.length - 1);
  demand(pad.every((byte, at) => byte === at + 1));
  return message;
};
