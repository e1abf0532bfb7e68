// How long an agent that does not answer is believed to be merely busy.

import { Failure } from '@bessemer/protocol/errors/failure';

import { findOpenSession } from '#store/agent-sessions';

import type { Job } from '../workflow/step.ts';

/** Silence for 0.6 of a timeout is normal, and one lost heartbeat is nothing. */
const MISSED_HEARTBEATS_MAX = 3;

/** Returns when `error` is a brief silence of an agent that heartbeats, or is polled; throws it otherwise. */
export const forgiveBriefSilence = async (job: Job, error: unknown): Promise<void> => {
  if (!(error instanceof Failure) || !error.isRetryable) throw error;
  const session = await findOpenSession(job.parts.store.db, job.node.uuid);
  const { clock, options } = job.parts;
  const silentMs = clock.wallMs() - (session?.lastSeenMs ?? 0);
  const isPolled = session?.route === 'poll';
  const eachMs = isPolled
    ? Math.max(options.heartbeatTimeoutMs, options.pollIntervalMs)
    : options.heartbeatTimeoutMs;
  if (silentMs <= MISSED_HEARTBEATS_MAX * eachMs) return;
  const seconds = Math.round(silentMs / 1_000);
  throw new Failure(
    'agent.unreachable',
    isPolled
      ? `The agent does not answer; it was last reached ${seconds} s ago.`
      : `The agent neither answers nor sends heartbeats (the last one came ${seconds} s ago).`,
    { cause: error },
  );
};
