// Packets outside of a session: IPMI 1.5's header for the one command that is asked before anything else, and
// IPMI 2.0's for session opening. Nothing in them is authenticated by the header.

import { demand, parsed } from './packet-reader.ts';
import { RMCP_CLASS, unwrapRmcp, wrapRmcp } from './rmcp.ts';

/** The second kind of header names its payload; the first one only carries IPMI messages. */
export const AUTH_TYPE = { none: 0x00, rmcpPlus: 0x06 } as const;

export const PAYLOAD = {
  ipmi: 0x00,
  openSessionRequest: 0x10,
  openSessionResponse: 0x11,
  rakp1: 0x12,
  rakp2: 0x13,
  rakp3: 0x14,
  rakp4: 0x15,
} as const;

export type PayloadType = (typeof PAYLOAD)[keyof typeof PAYLOAD];

export const wrapOldMessage = (message: Buffer): Buffer => {
  const header = Buffer.alloc(10);
  header.writeUInt8(AUTH_TYPE.none, 0);
  header.writeUInt8(message.length, 9);
  return wrapRmcp(RMCP_CLASS.ipmi, Buffer.concat([header, message]));
};

export const unwrapOldMessage = (datagram: Buffer): Buffer | undefined => {
  const body = unwrapRmcp(RMCP_CLASS.ipmi, datagram);
  if (body === undefined) return undefined;
  return parsed(body, (reader) => {
    demand(reader.byte() === AUTH_TYPE.none);
    reader.take(8);
    return reader.take(reader.byte());
  });
};

export const wrapOpening = (payload: PayloadType, message: Buffer): Buffer => {
  const header = Buffer.alloc(12);
  header.writeUInt8(AUTH_TYPE.rmcpPlus, 0);
  header.writeUInt8(payload, 1);
  header.writeUInt16LE(message.length, 10);
  return wrapRmcp(RMCP_CLASS.ipmi, Buffer.concat([header, message]));
};

/** The message of a packet of that kind that belongs to no session yet. */
export const unwrapOpening = (payload: PayloadType, datagram: Buffer): Buffer | undefined => {
  const body = unwrapRmcp(RMCP_CLASS.ipmi, datagram);
  if (body === undefined) return undefined;
  return parsed(body, (reader) => {
    demand(reader.byte() === AUTH_TYPE.rmcpPlus);
    // Also refuses the flags of encrypted and authenticated packets: there are no keys yet.
    demand(reader.byte() === payload);
    reader.take(8);
    return reader.take(reader.uint16());
  });
};

/** Whether a datagram is IPMI at all; what is not tells that something else lives at the address. */
export const looksLikeIpmi = (datagram: Buffer): boolean => {
  const authType = unwrapRmcp(RMCP_CLASS.ipmi, datagram)?.[0];
  return authType === AUTH_TYPE.none || authType === AUTH_TYPE.rmcpPlus;
};
