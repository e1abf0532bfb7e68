// Whether a heartbeat is believed. Given facts, returns a decision; the texts are the ones that stock agents and
// their operators know. The order of checks matters: see the wire contract of the agent.

import type { AgentEventName } from '@bessemer/protocol/events/agent-events';

import { pinOfCertificate } from '../certificate/pin.ts';
import { judgeAgentCertificate } from '../certificate/judge-agent-certificate.ts';
import { Secret } from '../secret.ts';
import { type CallbackRules, judgeCallback } from './callback-url.ts';
import { deriveSessionKey } from './derived-keys.ts';
import { isSignedBy } from './signed-request.ts';
import { isSourceRight } from './source-address.ts';
import { isTokenRight } from './verify.ts';

/** The session as far as the decision needs it. */
export type SessionFacts = {
  readonly id: string;
  readonly state: string;
  readonly route: string;
  readonly tokenHash: string | null;
  readonly pin: string | null;
  readonly callbackUrl: string | null;
  /** Host of the bound callback. */
  readonly address: string | null;
  readonly trustLevel: number;
  /** The agent signs: what is not signed is not its own. */
  readonly isSigning: boolean;
  /** Highest number of a signed heartbeat so far. */
  readonly sequence: number;
};

/** A signature as it was sent, over method, path, body and sequence. */
export type HeartbeatSignature = {
  readonly signature: string;
  readonly sequence: string;
  readonly method: string;
  readonly path: string;
  readonly body: string;
};

export type HeartbeatFacts = {
  readonly callbackUrl: string;
  readonly token: string | undefined;
  readonly agentVersion: string | undefined;
  readonly certificatePem: string | undefined;
  readonly status: string | undefined;
  /** Where the request came from. */
  readonly sourceAddress: string;
  readonly signed?: HeartbeatSignature | undefined;
};

export type HeartbeatRules = CallbackRules & {
  readonly nowMs: number;
  readonly clockSkewMs: number;
  readonly minTrustLevel: number;
};

/** What a first good contact fixes for the rest of the boot. */
export type Binding = {
  readonly address: string;
  readonly pin: string | null;
  readonly trustLevel: number;
};

export type HeartbeatDecision =
  | ({ readonly kind: 'bind'; readonly sequence: number | null } & Binding)
  | { readonly kind: 'accept'; readonly sequence: number | null }
  | Refused;

type Refused = {
  readonly kind: 'refuse';
  readonly status: 400 | 403;
  readonly text: string;
  readonly event: AgentEventName;
};

const CERTIFICATE_CHARS_MAX = 16_384;

const refuse = (text: string, event: AgentEventName, status: 400 | 403 = 400): Refused => ({
  status,
  kind: 'refuse',
  text,
  event,
});

const pinOf = (pem: string): string | undefined => {
  if (pem.length > CERTIFICATE_CHARS_MAX) return undefined;
  try {
    return pinOfCertificate(pem);
  } catch {
    // Not a certificate: the same as a wrong one.
    return undefined;
  }
};

const CHANGED_CALLBACK = 'Detected change in ramdisk provided "callback_url"';
const CHANGED_CERTIFICATE = 'Detected change in ramdisk provided "agent_verify_ca"';
const BAD_CALLBACK = 'An issue with the supplied "callback_url" has been detected.';
export const BAD_TOKEN = 'Invalid or missing agent token received.';
const NO_TOKEN = 'Agent token is required for heartbeat processing.';
const NO_VERSION =
  'Agent did not transmit a version, and a version is required. Please update the agent being used.';
const NEEDS_TLS = 'TLS is required by configuration';

const BAD_CERTIFICATE = 'An issue with the supplied "agent_verify_ca" has been detected.';
const BAD_SIGNATURE = 'The signature or the sequence of this heartbeat is not right.';
const TOO_LOW = 'This node needs an agent that is trusted more than this one can be.';
const POLL_ONLY = 'This node is polled: its agent must not call.';
const BAD_STATUS = 'Agent status is invalid. Valid states are start,end,error.';

const STATUSES: ReadonlySet<string> = new Set(['start', 'end', 'error']);

/** The key that is fixed at the first contact, when none was known before; null without TLS. */
const firstPin = (
  heartbeat: HeartbeatFacts,
  address: string,
  rules: HeartbeatRules,
): { readonly pin: string | null } | Refused => {
  if (!heartbeat.callbackUrl.startsWith('https:')) return { pin: null };
  const shown = heartbeat.certificatePem?.trim() ?? '';
  const verdict = judgeAgentCertificate(shown, { ...rules, address });
  return verdict.isFine ? { pin: verdict.pin } : refuse(BAD_CERTIFICATE, 'agent.heartbeat.denied');
};

const bind = (
  session: SessionFacts,
  heartbeat: HeartbeatFacts,
  rules: HeartbeatRules,
  address: string,
): Binding | Refused => {
  const first = session.pin === null ? firstPin(heartbeat, address, rules) : { pin: session.pin };
  if ('kind' in first) return first;
  const trustLevel = heartbeat.callbackUrl.startsWith('https:') ? session.trustLevel : 0;
  if (trustLevel < rules.minTrustLevel) return refuse(TOO_LOW, 'agent.trust.too_low');
  return { address, pin: first.pin, trustLevel };
};

/** What a first contact or a later one claims, once the token is right. Undefined: what was bound stands. */
const decideBinding = (
  session: SessionFacts,
  heartbeat: HeartbeatFacts,
  rules: HeartbeatRules,
): Binding | Refused | undefined => {
  const { callbackUrl } = heartbeat;
  const isBound = session.callbackUrl !== null;
  const isMoved = isBound && session.callbackUrl !== callbackUrl;
  if (!URL.canParse(callbackUrl)) {
    return refuse(BAD_CALLBACK, isMoved ? 'agent.binding.conflict' : 'agent.callback.denied');
  }
  if (isMoved) return refuse(CHANGED_CALLBACK, 'agent.binding.conflict');
  const verdict = isBound ? undefined : judgeCallback(callbackUrl, rules);
  if (verdict?.isFine === false && verdict.reason === 'tls') {
    return refuse(NEEDS_TLS, 'agent.callback.denied');
  }
  // The key was made by us before the boot, or proved before the token was given; an agent that shows another one is
  // not the agent that we started.
  const shown = heartbeat.certificatePem?.trim();
  if (shown !== undefined && shown !== '' && session.pin !== null && pinOf(shown) !== session.pin) {
    return refuse(CHANGED_CERTIFICATE, 'agent.binding.conflict');
  }
  if (verdict?.isFine === false) return refuse(BAD_CALLBACK, 'agent.callback.denied');
  const address = verdict?.address ?? session.address;
  if (address !== null && !isSourceRight(address, heartbeat.sourceAddress, rules)) {
    return refuse(BAD_CALLBACK, 'agent.source.denied');
  }
  return verdict === undefined ? undefined : bind(session, heartbeat, rules, verdict.address);
};

/** Its number, or null for an agent that does not sign. */
const decideSignature = (
  session: SessionFacts,
  { signed, token = '' }: HeartbeatFacts,
): { readonly sequence: number | null } | Refused => {
  if (signed === undefined) {
    return session.isSigning ? refuse(BAD_SIGNATURE, 'agent.replay') : { sequence: null };
  }
  const sequence = /^[1-9][0-9]{0,15}$/.test(signed.sequence)
    ? Number(signed.sequence)
    : Number.NaN;
  const key = deriveSessionKey(new Secret(token), session.id, 'up');
  const isRight = sequence > session.sequence && isSignedBy(key, signed, signed.signature);
  return isRight ? { sequence } : refuse(BAD_SIGNATURE, 'agent.replay');
};

export const decideHeartbeat = (
  session: SessionFacts | undefined,
  heartbeat: HeartbeatFacts,
  rules: HeartbeatRules,
): HeartbeatDecision => {
  // What the message itself lacks may be told to anybody; what the session holds, only to who has its token.
  if (heartbeat.token === undefined) return refuse(NO_TOKEN, 'agent.token.missing');
  const { status } = heartbeat;
  if (status !== undefined && !STATUSES.has(status)) {
    return refuse(BAD_STATUS, 'agent.heartbeat.denied');
  }
  if (heartbeat.agentVersion === undefined && status === undefined) {
    return refuse(NO_VERSION, 'agent.heartbeat.denied');
  }
  if (session?.route === 'poll') return refuse(POLL_ONLY, 'agent.unexpected_heartbeat', 403);
  const isAlive =
    session?.state === 'SEALED' || session?.state === 'GIVEN' || session?.state === 'BOUND';
  const isRight = isTokenRight(heartbeat.token, session?.tokenHash ?? null);
  if (!isRight || !isAlive || session === undefined) {
    return refuse(BAD_TOKEN, 'agent.token.invalid');
  }
  const binding = decideBinding(session, heartbeat, rules);
  if (binding !== undefined && 'kind' in binding) return binding;
  // Last, so that who moves with the right token is seen as that, signed or not.
  const signature = decideSignature(session, heartbeat);
  if ('kind' in signature) return signature;
  return binding === undefined
    ? { kind: 'accept', ...signature }
    : { kind: 'bind', ...binding, ...signature };
};
