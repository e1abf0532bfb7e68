// What a BMC tells before anybody logs in: whether it speaks IPMI 2.0 at all, and how open it stands.

import { exchange, IGNORED, type Verdict } from './exchange.ts';
import {
  isAnswerTo,
  readIpmiResponse,
  writeIpmiRequest,
  type IpmiRequest,
} from './ipmi-message.ts';
import { parsed } from './packet-reader.ts';
import { PRIVILEGES } from './privilege.ts';
import type { SessionParts } from './session.ts';
import { looksLikeIpmi, unwrapOldMessage, wrapOldMessage } from './session-packet.ts';
import { COMPLETED } from './status-codes.ts';

export type AuthCapabilities = {
  readonly channel: number;
  readonly hasIpmi2: boolean;
  readonly hasIpmi15: boolean;
  /** A key besides the passwords is needed to open a session. */
  readonly isBmcKeySet: boolean;
  /** Somebody may log in without a name. */
  readonly isAnonymousAllowed: boolean;
};

const NET_FN_APP = 0x06;
const GET_CHANNEL_AUTH_CAPABILITIES = 0x38;
/** The channel that the question comes in by, with the answer's IPMI 2.0 part. */
const THIS_CHANNEL_EXTENDED = 0x8e;

/** Null: the BMC refuses the question, which says nothing about what it can do. */
export const fetchAuthCapabilities = (
  parts: Omit<SessionParts, 'random'>,
): Promise<AuthCapabilities | null> => {
  const request: IpmiRequest = {
    netFn: NET_FN_APP,
    command: GET_CHANNEL_AUTH_CAPABILITIES,
    data: Buffer.from([THIS_CHANNEL_EXTENDED, PRIVILEGES.administrator]),
    number: 0,
  };
  const packet = wrapOldMessage(writeIpmiRequest(request));
  return exchange(parts, {
    packet: () => packet,
    judge: (datagram) => judge(request, datagram),
    waitsMs: parts.waitsMs,
  });
};

const judge = (request: IpmiRequest, datagram: Buffer): Verdict<AuthCapabilities | null> => {
  if (!looksLikeIpmi(datagram)) return { kind: 'not-ipmi' };
  const message = unwrapOldMessage(datagram);
  const response = message === undefined ? undefined : readIpmiResponse(message);
  if (response === undefined || !isAnswerTo(request, response)) return IGNORED;
  if (response.completionCode !== COMPLETED) return { kind: 'answer', value: null };
  const value = readAuthCapabilities(response.data);
  return value === undefined ? IGNORED : { kind: 'answer', value };
};

export const readAuthCapabilities = (data: Buffer): AuthCapabilities | undefined =>
  parsed(data, (reader) => {
    const channel = reader.byte() & 0x0f;
    const isExtended = (reader.byte() & 0x80) !== 0;
    const status = reader.byte();
    const versions = reader.byte();
    return {
      channel,
      hasIpmi15: !isExtended || (versions & 0x01) !== 0,
      hasIpmi2: isExtended && (versions & 0x02) !== 0,
      isBmcKeySet: isExtended && (status & 0x20) !== 0,
      isAnonymousAllowed: (status & 0x03) !== 0,
    };
  });
