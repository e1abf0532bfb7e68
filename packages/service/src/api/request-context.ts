// What every handler may ask about its request beyond Fastify's own.

import type { IncomingMessage } from 'node:http';

import type { FastifyRequest } from 'fastify';

import type { Credentials } from '#policy/credentials';

declare module 'fastify' {
  interface FastifyRequest {
    /** Minor number of the microversion in use. */
    minor: number;
    /** Who is asking, or null in mode `none` and on public routes. */
    user: string | null;
    /** The same for the policy. */
    credentials: Credentials;
    /** Whether the policy was asked about this request. */
    isRuleAsked: boolean;
    /** The body as text, when the request says that it is signed. */
    signedBody: string;
    /** `http://host:port`, before `/v1/...` in links. */
    base: string;
  }
}

/** Requests whose path had a `.json` that was cut off; a name may end in it, so it is tried again. */
const CUT: WeakSet<IncomingMessage> = new WeakSet();

export const markSuffixCut = (raw: IncomingMessage): void => {
  CUT.add(raw);
};

export const wasSuffixCut = (request: FastifyRequest): boolean => CUT.has(request.raw);

const HOST_PATTERN = /^[A-Za-z0-9.:[\]_-]{1,255}$/;

/** The configured public address, else the host that the client used, if it looks like one. */
export const baseUrl = (request: FastifyRequest, configured: string | undefined): string => {
  if (configured !== undefined) return configured;
  const host = request.headers.host ?? '';
  return `${request.protocol}://${HOST_PATTERN.test(host) ? host : 'localhost'}`;
};
