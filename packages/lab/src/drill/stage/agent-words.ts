// What an agent says to the service, put together by hand: so that each part of it can be wrong.

import { createHash, createHmac, hkdfSync } from 'node:crypto';

import {
  KEY_INFO,
  SEQUENCE_HEADER,
  SIGNATURE_HEADER,
  signedText,
} from '@bessemer/protocol/agent/trust';

const AGENT_VERSION = '11.0.0';
const KEY_BYTES = 32;

export type Beat = {
  readonly callbackUrl: string;
  readonly token?: string;
  readonly certificate?: string;
  /** Further fields, or other values for the ones above. */
  readonly fields?: { readonly [name: string]: unknown };
};

export const beatBody = ({ callbackUrl, token, certificate, fields }: Beat): string =>
  JSON.stringify({
    callback_url: callbackUrl,
    agent_version: AGENT_VERSION,
    ...(token === undefined ? {} : { agent_token: token }),
    ...(certificate === undefined ? {} : { agent_verify_ca: certificate }),
    ...fields,
  });

const derivedKey = (token: string, info: string, session: string): Buffer =>
  Buffer.from(
    hkdfSync('sha256', Buffer.from(token), Buffer.alloc(0), `${info}${session}`, KEY_BYTES),
  );

export type LookupWish = {
  readonly macs?: readonly string[];
  readonly uuid?: string;
};

export const lookupPath = ({ macs = [], uuid }: LookupWish): string => {
  const query = new URLSearchParams();
  if (macs.length > 0) query.set('addresses', macs.join(','));
  if (uuid !== undefined) query.set('node_uuid', uuid);
  return `/v1/lookup?${query.toString()}`;
};

/** Cards that no node has: limits by what is asked for see another question each time. */
export const unknownMac = (number: number): string =>
  `02:66:00:00:${(number >> 8).toString(16).padStart(2, '0')}:${(number & 0xff).toString(16).padStart(2, '0')}`;

/** Null: none in the answer, or the mask. */
export const tokenIn = (answer: { readonly text: string }): string | null =>
  /"agent_token":"([A-Za-z0-9_-]{32,})"/.exec(answer.text)?.[1] ?? null;

/** Headers by which a service of ours knows that a heartbeat is new. */
export const beatSignature = (
  parts: { readonly token: string; readonly session: string; readonly sequence: number },
  path: string,
  body: string,
): { readonly [name: string]: string } => {
  const bodyDigest = createHash('sha256').update(body).digest('hex');
  const sequence = String(parts.sequence);
  const text = signedText({ method: 'POST', path, bodyDigest, sequence });
  const key = derivedKey(parts.token, KEY_INFO.up, parts.session);
  return {
    [SEQUENCE_HEADER]: sequence,
    [SIGNATURE_HEADER]: createHmac('sha256', key).update(text).digest('base64url'),
  };
};
