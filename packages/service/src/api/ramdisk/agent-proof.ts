// What our agent adds to its calls, taken from the headers as it is. Whether it is right is the conductor's to say:
// only that knows the session's keys.

import type { FastifyRequest } from 'fastify';

import type { LookupProof, RequestSignature } from '#conductor/conductor';

import {
  AGENT_CERTIFICATE_HEADER,
  AGENT_DATE_HEADER,
  AGENT_PROOF_HEADER,
  AGENT_SEAL_KEY_HEADER,
  SEQUENCE_HEADER,
  SIGNATURE_HEADER,
} from '@bessemer/protocol/agent/trust';

const headerOf = (request: FastifyRequest, name: string): string | undefined => {
  const value = request.headers[name];
  return typeof value === 'string' ? value : undefined;
};

/** Undefined for a stock agent. A proof with parts missing is a proof, and a wrong one. */
export const lookupProofOf = (request: FastifyRequest): LookupProof | undefined => {
  const certificate = headerOf(request, AGENT_CERTIFICATE_HEADER);
  const signature = headerOf(request, AGENT_PROOF_HEADER);
  if (certificate === undefined && signature === undefined) return undefined;
  return {
    certificatePem: Buffer.from(certificate ?? '', 'base64url').toString(),
    signature: signature ?? '',
    dateMs: Number(headerOf(request, AGENT_DATE_HEADER) ?? Number.NaN),
    sealKey: headerOf(request, AGENT_SEAL_KEY_HEADER) ?? '',
    host: headerOf(request, 'host') ?? '',
    target: request.originalUrl,
  };
};

/** Undefined when the request is not signed. */
export const requestSignatureOf = (request: FastifyRequest): RequestSignature | undefined => {
  const signature = headerOf(request, SIGNATURE_HEADER);
  const sequence = headerOf(request, SEQUENCE_HEADER);
  if (signature === undefined && sequence === undefined) return undefined;
  return {
    signature: signature ?? '',
    sequence: sequence ?? '',
    method: request.method,
    path: request.originalUrl.split('?', 1).join(''),
    body: request.signedBody,
  };
};
