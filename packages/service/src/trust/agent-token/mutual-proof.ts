// The conductor's half of `trust.prove`: it shows that it has the token, and finds out whether the agent has it, both
// over the key of the TLS connection, before the token itself is shown to anybody.

import { randomBytes } from 'node:crypto';

import { TOKEN_BYTES } from '@bessemer/protocol/agent/token';
import {
  agentProofText,
  conductorProofText,
  type ProveParams,
} from '@bessemer/protocol/agent/trust';
import { isJsonObject } from '@bessemer/protocol/json';

import type { Secret } from '../secret.ts';
import { deriveSessionKey } from './derived-keys.ts';
import { isSameText, keyedDigest } from './keyed-digest.ts';

export type ProofParts = {
  readonly token: Secret<string>;
  readonly sessionId: string;
  /** Hex SHA-256 of the key that the other end shows on this connection. */
  readonly pin: string;
};

export const newNonce = (): string => randomBytes(TOKEN_BYTES).toString('base64url');

export const conductorProof = (parts: ProofParts, nonce: string): ProveParams => {
  const key = deriveSessionKey(parts.token, parts.sessionId, 'prove');
  return { nonce, proof: keyedDigest(key, conductorProofText(parts.sessionId, parts.pin, nonce)) };
};

const NONCE_PATTERN = /^[A-Za-z0-9_-]{43}$/;

/** Whether `answer` is the answer of an agent that has the token, to the proof with `nonce`. */
export const isAgentProof = (parts: ProofParts, nonce: string, answer: unknown): boolean => {
  if (!isJsonObject(answer)) return false;
  const { nonce: agentNonce, proof } = answer;
  if (typeof agentNonce !== 'string' || typeof proof !== 'string') return false;
  // Its own nonce: an answer with ours could be something that we said ourselves.
  if (!NONCE_PATTERN.test(agentNonce) || agentNonce === nonce) return false;
  const key = deriveSessionKey(parts.token, parts.sessionId, 'prove');
  const expected = keyedDigest(key, agentProofText(parts.sessionId, parts.pin, nonce, agentNonce));
  return isSameText(proof, expected);
};
