// What our service and our agent add to the stock wire. Stock peers ignore all of it: unknown headers, unknown keys
// of `config`, unknown commands. Nothing here computes; both sides build the same texts from it.

import type { JsonObject } from '../json.ts';

/** Lookup request: PEM of the certificate that the agent will serve, base64url. */
export const AGENT_CERTIFICATE_HEADER = 'x-bessemer-agent-cert';
/** Lookup request: base64url signature (ECDSA, SHA-256, IEEE P1363) over `lookupProofText`, by the key of that certificate. */
export const AGENT_PROOF_HEADER = 'x-bessemer-agent-proof';
/** Lookup request: milliseconds since the epoch by the agent's clock, part of what is signed. */
export const AGENT_DATE_HEADER = 'x-bessemer-agent-date';
/** Lookup request: raw X25519 public key, base64url; the token comes sealed to it. */
export const AGENT_SEAL_KEY_HEADER = 'x-bessemer-agent-seal-key';

/** Heartbeats and commands: base64url HMAC-SHA-256 over `signedText`. */
export const SIGNATURE_HEADER = 'x-bessemer-signature';
/**
 * Heartbeats: a number that rises with each, up to 2^53. Commands: `<fence>.<number>`, rising first by fence, then by
 * number; both decimal, up to 15 digits.
 */
export const SEQUENCE_HEADER = 'x-bessemer-sequence';

/** HKDF-SHA-256 over the token, salt empty, info = this and the session's UUID; 32 bytes. */
export const KEY_INFO = {
  up: 'bessemer/v1 agent-to-service ',
  down: 'bessemer/v1 service-to-agent ',
  prove: 'bessemer/v1 prove ',
  seal: 'bessemer/v1 sealed-token ',
} as const;

/** What the agent signs to show that it holds the key of its certificate. `target` is path and query. */
export const lookupProofText = (parts: {
  readonly host: string;
  readonly target: string;
  readonly dateMs: number;
  readonly sealKey: string;
}): string =>
  ['bessemer/v1 lookup', parts.host, parts.target, String(parts.dateMs), parts.sealKey].join('\n');

/** What each heartbeat and command is signed over. `bodyDigest` is hex SHA-256 of the body's bytes. */
export const signedText = (parts: {
  readonly method: string;
  readonly path: string;
  readonly bodyDigest: string;
  readonly sequence: string;
}): string =>
  ['bessemer/v1 request', parts.method, parts.path, parts.bodyDigest, parts.sequence].join('\n');

/** Key `bessemer` in the `config` of a lookup answer and of set_node_info. */
export type BessemerConfig = {
  /** UUID of the agent session; part of every derived key. */
  readonly session: string;
  readonly boot_number: number;
  readonly trust: {
    /** The service takes signed heartbeats and signs its commands. */
    readonly signatures: boolean;
    /** The service shows a client certificate of the authority in the boot medium. */
    readonly client_certificate: boolean;
  };
  /** The token, when the agent asked for it sealed; `agent_token` then holds the mask. */
  readonly sealed_token?: SealedToken;
};

/**
 * X25519 with a key made for this answer, HKDF-SHA-256 (salt: both public keys, info: `KEY_INFO.seal` and the
 * session), AES-256-GCM with the session as additional data. All base64url.
 */
export type SealedToken = {
  readonly key: string;
  readonly nonce: string;
  readonly ciphertext: string;
  readonly tag: string;
};

/**
 * Poll-only: who has the token proves it to the other without showing it. Sent without `agent_token` and without a
 * signature; a wrong proof is answered as a wrong token is, and there is no entry in the list of commands.
 */
export const PROVE_COMMAND = 'trust.prove';

/** `nonce` is base64url of 32 random bytes. */
export type ProveParams = { readonly nonce: string; readonly proof: string };
export type ProveResult = { readonly nonce: string; readonly proof: string };

/** HMAC text of the conductor's proof. `pin` is hex SHA-256 of the agent's public key as the conductor sees it. */
export const conductorProofText = (session: string, pin: string, nonce: string): string =>
  ['bessemer/v1 conductor proves', session, pin, nonce].join('\n');

/** HMAC text of the agent's answer: over both nonces. */
export const agentProofText = (
  session: string,
  pin: string,
  conductorNonce: string,
  agentNonce: string,
): string => ['bessemer/v1 agent proves', session, pin, conductorNonce, agentNonce].join('\n');

/** `node_info` of poll.set_node_info: a lookup answer, with a token that replaces the one of the medium. */
export type NodeInfo = {
  readonly node: JsonObject;
  readonly config: JsonObject;
};
