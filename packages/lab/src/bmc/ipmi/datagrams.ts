// Datagrams of a console, taken apart, and those of the BMC, put together.

import { decipher, encipher, isSame, markOf, type Suite } from './suites.ts';

const RMCP_IPMI = Buffer.from([0x06, 0x00, 0xff, 0x07]);
const RMCP_ASF = Buffer.from([0x06, 0x00, 0xff, 0x06]);
const SEALED = 0xc0;

export type Datagram =
  | { readonly kind: 'ping'; readonly tag: number }
  | { readonly kind: 'old'; readonly message: Buffer }
  | { readonly kind: 'opening'; readonly payload: number; readonly message: Buffer }
  | {
      readonly kind: 'sealed';
      readonly sessionId: number;
      readonly number: number;
      readonly body: Buffer;
    };

export const takeApart = (datagram: Buffer): Datagram | undefined => {
  if (datagram.length < 12 || datagram[0] !== 0x06) return undefined;
  if (datagram[3] === 0x06) {
    return datagram.readUInt32BE(4) === 4542 && datagram[8] === 0x80
      ? { kind: 'ping', tag: datagram.readUInt8(9) }
      : undefined;
  }
  if (datagram[3] !== 0x07) return undefined;
  const body = datagram.subarray(4);
  if (body[0] === 0x00 && body.length > 10 && body.length >= 10 + body.readUInt8(9)) {
    return { kind: 'old', message: body.subarray(10, 10 + body.readUInt8(9)) };
  }
  if (body[0] !== 0x06 || body.length < 12) return undefined;
  const payload = body.readUInt8(1);
  const sessionId = body.readUInt32LE(2);
  if (payload === SEALED) {
    return { kind: 'sealed', sessionId, number: body.readUInt32LE(6), body };
  }
  const end = 12 + body.readUInt16LE(10);
  return sessionId === 0 && body.length >= end
    ? { kind: 'opening', payload, message: body.subarray(12, end) }
    : undefined;
};

export const pong = (tag: number): Buffer =>
  Buffer.concat([
    RMCP_ASF,
    Buffer.from([0, 0, 0x11, 0xbe, 0x40, tag, 0, 16]),
    Buffer.from([0, 0, 0x11, 0xbe, 0, 0, 0, 0, 0x81, 0, 0, 0, 0, 0, 0, 0]),
  ]);

export const oldDatagram = (message: Buffer): Buffer =>
  Buffer.concat([RMCP_IPMI, Buffer.alloc(9), Buffer.from([message.length]), message]);

export const openingDatagram = (payload: number, message: Buffer): Buffer =>
  Buffer.concat([RMCP_IPMI, header(payload, 0, 0, message.length), message]);

const header = (payload: number, sessionId: number, number: number, length: number): Buffer => {
  const bytes = Buffer.from([0x06, payload, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
  bytes.writeUInt32LE(sessionId, 2);
  bytes.writeUInt32LE(number, 6);
  bytes.writeUInt16LE(length, 10);
  return bytes;
};

export type Keys = { readonly mark: Buffer; readonly cipher: Buffer };

export const sealedDatagram = (
  suite: Suite,
  keys: Keys,
  packet: { sessionId: number; number: number; iv: Buffer; message: Buffer },
): Buffer => {
  const payload = encipher(keys.cipher, packet.iv, packet.message);
  // Header and payload are multiples of four, so two bytes of padding always fill up the trailer.
  const marked = Buffer.concat([
    header(SEALED, packet.sessionId, packet.number, payload.length),
    payload,
    Buffer.from([0xff, 0xff, 2, 0x07]),
  ]);
  return Buffer.concat([RMCP_IPMI, marked, markOf(suite, keys.mark, marked)]);
};

/** The message inside; undefined when the mark is wrong. */
export const unseal = (suite: Suite, keys: Keys, body: Buffer): Buffer | undefined => {
  const markAt = body.length - suite.markBytes;
  if (markAt < 12) return undefined;
  if (!isSame(body.subarray(markAt), markOf(suite, keys.mark, body.subarray(0, markAt)))) {
    return undefined;
  }
  const end = 12 + body.readUInt16LE(10);
  return end > markAt ? undefined : decipher(keys.cipher, body.subarray(12, end));
};
