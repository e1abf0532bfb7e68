// Whether a heartbeat is believed. Given facts, returns a decision; the texts are the ones that stock agents and
// their operators know. The order of checks matters: see the wire contract of the agent.

import { pinOfCertificate } from '../certificate/pin.ts';
import { type CallbackRules, judgeCallback } from './callback-url.ts';
import { isSourceRight } from './source-address.ts';
import { isTokenRight } from './verify.ts';

/** The session as far as the decision needs it. */
export type SessionFacts = {
  readonly state: string;
  readonly tokenHash: string | null;
  readonly pin: string | null;
  readonly callbackUrl: string | null;
  /** Host of the bound callback. */
  readonly address: string | null;
};

export type HeartbeatFacts = {
  readonly callbackUrl: string;
  readonly token: string | undefined;
  readonly agentVersion: string | undefined;
  readonly certificatePem: string | undefined;
  readonly status: string | undefined;
  /** Where the request came from. */
  readonly sourceAddress: string;
};

export type HeartbeatDecision =
  | { readonly kind: 'bind'; readonly address: string }
  | { readonly kind: 'accept' }
  | { readonly kind: 'refuse'; readonly text: string; readonly event: string };

const CERTIFICATE_CHARS_MAX = 16_384;

const refuse = (text: string, event: string): HeartbeatDecision => ({
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

const BAD_STATUS = 'Agent status is invalid. Valid states are start,end,error.';

const STATUSES: ReadonlySet<string> = new Set(['start', 'end', 'error']);

/** What a first contact or a later one claims, once the token is right. */
const decideBinding = (
  session: SessionFacts,
  heartbeat: HeartbeatFacts,
  rules: CallbackRules,
): HeartbeatDecision => {
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
  // The key was made by us before the boot; an agent that shows another one is not the agent that we started.
  const shown = heartbeat.certificatePem?.trim();
  if (shown !== undefined && shown !== '' && session.pin !== null && pinOf(shown) !== session.pin) {
    return refuse(CHANGED_CERTIFICATE, 'agent.binding.conflict');
  }
  if (verdict?.isFine === false) return refuse(BAD_CALLBACK, 'agent.callback.denied');
  const address = verdict?.address ?? session.address;
  if (address !== null && !isSourceRight(address, heartbeat.sourceAddress, rules)) {
    return refuse(BAD_CALLBACK, 'agent.source.denied');
  }
  return verdict === undefined ? { kind: 'accept' } : { kind: 'bind', address: verdict.address };
};

export const decideHeartbeat = (
  session: SessionFacts | undefined,
  heartbeat: HeartbeatFacts,
  rules: CallbackRules,
): HeartbeatDecision => {
  // What the message itself lacks may be told to anybody; what the session holds, only to who has its token.
  if (heartbeat.token === undefined) return refuse(NO_TOKEN, 'agent.token.missing');
  const { status } = heartbeat;
  if (status !== undefined && !STATUSES.has(status)) return refuse(BAD_STATUS, 'agent.status.bad');
  if (heartbeat.agentVersion === undefined && status === undefined) {
    return refuse(NO_VERSION, 'agent.version.missing');
  }
  const isAlive =
    session?.state === 'SEALED' || session?.state === 'GIVEN' || session?.state === 'BOUND';
  const isRight = isTokenRight(heartbeat.token, session?.tokenHash ?? null);
  if (!isRight || !isAlive || session === undefined) {
    return refuse(BAD_TOKEN, 'agent.token.invalid');
  }
  return decideBinding(session, heartbeat, rules);
};
