// The outermost layer (DMTF ASF 2.0): which class of message a datagram carries, and the ping that any
// manageable machine answers without being logged in to.

import { demand, parsed } from './packet-reader.ts';

export const RMCP_CLASS = { asf: 0x06, ipmi: 0x07 } as const;

type RmcpClass = (typeof RMCP_CLASS)[keyof typeof RMCP_CLASS];

const RMCP_VERSION = 0x06;
/** This sequence number asks for no acknowledgement, the only kind that IPMI uses. */
const NO_ACKNOWLEDGEMENT = 0xff;
const HEADER_BYTES = 4;
const ASF_ENTERPRISE = 4542;
const PING = 0x80;
const PONG = 0x40;
/** Bit of "supported entities". */
const HAS_IPMI = 0x80;

export const wrapRmcp = (rmcpClass: RmcpClass, body: Buffer): Buffer =>
  Buffer.concat([Buffer.from([RMCP_VERSION, 0, NO_ACKNOWLEDGEMENT, rmcpClass]), body]);

/** The body of a datagram of that class; undefined when it is none. The acknowledge bit counts as another class. */
export const unwrapRmcp = (rmcpClass: RmcpClass, datagram: Buffer): Buffer | undefined =>
  datagram.length > HEADER_BYTES && datagram[0] === RMCP_VERSION && datagram[3] === rmcpClass
    ? datagram.subarray(HEADER_BYTES)
    : undefined;

export const presencePing = (tag: number): Buffer => {
  const body = Buffer.alloc(8);
  body.writeUInt32BE(ASF_ENTERPRISE, 0);
  body.writeUInt8(PING, 4);
  body.writeUInt8(tag, 5);
  return wrapRmcp(RMCP_CLASS.asf, body);
};

export type PresencePong = { readonly tag: number; readonly hasIpmi: boolean };

export const readPresencePong = (datagram: Buffer): PresencePong | undefined => {
  const body = unwrapRmcp(RMCP_CLASS.asf, datagram);
  if (body === undefined) return undefined;
  return parsed(body, (reader) => {
    demand(reader.take(4).readUInt32BE() === ASF_ENTERPRISE);
    demand(reader.byte() === PONG);
    const tag = reader.byte();
    reader.take(2 + 4 + 4);
    return { tag, hasIpmi: (reader.byte() & HAS_IPMI) !== 0 };
  });
};
