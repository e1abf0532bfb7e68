// The proof of `trust.prove`: the conductor shows that it has the token and so does the agent, both over the key of
// the TLS connection, and neither shows the token.

import {
  agentProofText,
  conductorProofText,
  type ProveResult,
} from '@bessemer/protocol/agent/trust';
import { isJsonObject, type JsonValue } from '@bessemer/protocol/json';
import type { AgentToken } from './agent-token.ts';
import { isSameText, keyedDigest } from './keyed-digest.ts';

export type ProofParts = {
  readonly token: AgentToken;
  readonly session: string;
  /** Hex SHA-256 of the public key that this agent serves. */
  readonly pin: string;
  /** A fresh one, base64url of 32 random bytes. */
  readonly ownNonce: string;
};

const NONCE_PATTERN = /^[A-Za-z0-9_-]{43}$/;

/** Null when the conductor has proved nothing. */
export const answerProof = (
  { token, session, pin, ownNonce }: ProofParts,
  params: JsonValue,
): ProveResult | null => {
  const { nonce, proof } = isJsonObject(params) ? params : {};
  if (typeof nonce !== 'string' || typeof proof !== 'string' || !NONCE_PATTERN.test(nonce)) {
    return null;
  }
  const asked = conductorProofText(session, pin, nonce);
  const held = token
    .all()
    .find((each) => isSameText(proof, keyedDigest(each.keys(session).prove, asked)));
  if (held === undefined) return null;
  const answer = agentProofText(session, pin, nonce, ownNonce);
  return { nonce: ownNonce, proof: keyedDigest(held.keys(session).prove, answer) };
};
