// The heartbeat: the only way the service learns that this machine is there and that a command has ended.
//
// Modes: waiting (for the next beat or a forced one), beating (a request is under way), stopped. A beat that is
// forced while one is under way follows it at once. Success is exactly 202; anything else is tried again soon.

import type { HeartbeatBody } from '@bessemer/protocol/agent/heartbeat';
import { SEQUENCE_HEADER, SIGNATURE_HEADER } from '@bessemer/protocol/agent/trust';
import type { Clock } from '#clock';
import type { AgentToken } from '#trust/agent-token';
import type { AgentTrust } from '#trust/agent-trust';
import { makeHeartbeatSequence } from '#trust/heartbeat-sequence';
import { signRequest } from '#trust/signed-request';
import type { AgentLog } from './agent-log.ts';
import { faultOf } from './lookup.ts';
import type { ServiceClient, SignCall } from './service-client.ts';
import type { SpokenVersions } from './service-version.ts';

export type HeartbeatParts = {
  readonly client: ServiceClient;
  readonly versions: () => Promise<SpokenVersions>;
  readonly nodeUuid: string;
  readonly callbackUrl: string;
  readonly trust: AgentTrust;
  readonly agentVersion: string;
  /** Null when the agent serves no TLS. */
  readonly certificatePem: string | null;
  readonly timeoutMs: number;
  /** Pause between forced beats: a stock service asks for 5 s, ours for none. */
  readonly forcedGapMs: number;
  readonly clock: Clock;
  readonly log: AgentLog;
};

export type Heartbeat = {
  /** A beat soon: an asynchronous command has ended. */
  readonly force: () => void;
  readonly stop: () => void;
};

const INTERVAL_FACTOR_MIN = 0.3;
const INTERVAL_FACTOR_MAX = 0.6;
const RETRY_MS_MIN = 5_000;
const RETRY_MS_MAX = 10_000;

export const startHeartbeat = (parts: HeartbeatParts): Heartbeat => {
  const { clock, log } = parts;
  const sign = heartbeatSigner(parts);
  let isStopped = false;
  let isBeating = false;
  let isForced = false;
  let lastBeatAtMs = Number.NEGATIVE_INFINITY;
  let cancel: () => void = () => {};

  const between = (from: number, to: number): number => from + clock.random() * (to - from);

  const plan = (delayMs: number): void => {
    cancel();
    if (!isStopped) cancel = clock.after(delayMs, () => void beat());
  };

  const beat = async (): Promise<void> => {
    isBeating = true;
    isForced = false;
    lastBeatAtMs = clock.monotonicMs();
    const problem = await sendHeartbeat(parts, sign);
    isBeating = false;
    if (isStopped) return;
    if (problem !== null) {
      log.say(`heartbeat: ${problem}`);
      plan(between(RETRY_MS_MIN, RETRY_MS_MAX));
      return;
    }
    const pauseMs = between(INTERVAL_FACTOR_MIN, INTERVAL_FACTOR_MAX) * parts.timeoutMs;
    plan(isForced ? forcedDelayMs() : pauseMs);
  };

  const forcedDelayMs = (): number =>
    Math.max(0, lastBeatAtMs + parts.forcedGapMs - clock.monotonicMs());

  plan(0);
  return {
    force: () => {
      isForced = true;
      if (!isBeating) plan(forcedDelayMs());
    },
    stop: () => {
      isStopped = true;
      cancel();
    },
  };
};

/** A copy of a heartbeat is worth nothing: its number was there before. Only for a service that said that it looks. */
const heartbeatSigner = ({ trust, clock }: HeartbeatParts): SignCall => {
  const nextNumber = makeHeartbeatSequence(clock);
  return ({ method, url, body }) => {
    const { session, token } = trust;
    if (!trust.signsHeartbeats || session === null || token.current === null) return {};
    const sequence = String(nextNumber());
    const key = token.current.keys(session).up;
    return {
      [SEQUENCE_HEADER]: sequence,
      [SIGNATURE_HEADER]: signRequest(key, { method, path: url.pathname, body, sequence }),
    };
  };
};

/** Null when accepted, else what was wrong. */
const sendHeartbeat = async (parts: HeartbeatParts, sign: SignCall): Promise<string | null> => {
  try {
    const spoken = await parts.versions();
    const answer = await parts.client.call({
      method: 'POST',
      path: `/v1/heartbeat/${parts.nodeUuid}`,
      version: spoken.heartbeat,
      body: { ...heartbeatBody({ ...parts, token: parts.trust.token }, spoken) },
      sign,
    });
    return answer.status === 202 ? null : faultOf(answer);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
};

export const heartbeatBody = (
  parts: Pick<HeartbeatParts, 'callbackUrl' | 'agentVersion' | 'certificatePem'> & {
    readonly token: AgentToken;
  },
  spoken: SpokenVersions,
): HeartbeatBody => {
  const token = parts.token.current?.reveal() ?? null;
  return {
    callback_url: parts.callbackUrl,
    ...(spoken.sendsToken && token !== null ? { agent_token: token } : {}),
    ...(spoken.sendsVersion ? { agent_version: parts.agentVersion } : {}),
    ...(spoken.sendsCertificate && parts.certificatePem !== null
      ? { agent_verify_ca: parts.certificatePem }
      : {}),
  };
};
