// Whether a heartbeat is believed. Given facts, returns a decision; the texts are the ones that stock agents and
// their operators know. The order of checks matters: see the wire contract of the agent.

import { pinOfCertificate } from '../certificate/pin.ts';
import { type CallbackRules, judgeCallback } from './callback-url.ts';
import { isTokenRight } from './verify.ts';

/** The session as far as the decision needs it. */
export type SessionFacts = {
  readonly state: string;
  readonly tokenHash: string | null;
  readonly pin: string | null;
  readonly callbackUrl: string | null;
};

export type HeartbeatFacts = {
  readonly callbackUrl: string;
  readonly token: string | undefined;
  readonly agentVersion: string | undefined;
  readonly certificatePem: string | undefined;
  readonly status: string | undefined;
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

export const decideHeartbeat = (
  session: SessionFacts | undefined,
  heartbeat: HeartbeatFacts,
  rules: CallbackRules,
): HeartbeatDecision => {
  // The token first among the secrets: a caller that has none learns nothing about the session.
  if (heartbeat.token === undefined) return refuse(NO_TOKEN, 'agent.token.missing');
  const hash = session?.tokenHash ?? null;
  const isAlive =
    session?.state === 'SEALED' || session?.state === 'GIVEN' || session?.state === 'BOUND';
  if (!isTokenRight(heartbeat.token, hash) || !isAlive || session === undefined) {
    return refuse(BAD_TOKEN, 'agent.token.invalid');
  }
  if (heartbeat.agentVersion === undefined && heartbeat.status === undefined) {
    return refuse(NO_VERSION, 'agent.version.missing');
  }
  if (session.callbackUrl !== null && session.callbackUrl !== heartbeat.callbackUrl) {
    return refuse(CHANGED_CALLBACK, 'agent.binding.conflict');
  }
  // The key was made by us before the boot; an agent that shows another one is not the agent that we started.
  const shown = heartbeat.certificatePem?.trim();
  if (shown !== undefined && shown !== '' && session.pin !== null && pinOf(shown) !== session.pin) {
    return refuse(CHANGED_CERTIFICATE, 'agent.binding.conflict');
  }
  if (session.state === 'BOUND') return { kind: 'accept' };
  const verdict = judgeCallback(heartbeat.callbackUrl, rules);
  if (!verdict.isFine) {
    return verdict.reason === 'tls'
      ? refuse(NEEDS_TLS, 'agent.callback.denied')
      : refuse(BAD_CALLBACK, 'agent.callback.denied');
  }
  return { kind: 'bind', address: verdict.address };
};
