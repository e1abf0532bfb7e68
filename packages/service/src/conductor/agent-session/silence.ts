// How long an agent that does not answer is believed to be merely busy.

import { Failure } from '@bessemer/protocol/errors/failure';

import { findOpenSession } from '#store/agent-sessions';

import type { Job } from '../workflow/step.ts';

/** Silence for 0.6 of a timeout is normal, and one lost heartbeat is nothing. */
const MISSED_HEARTBEATS_MAX = 3;

/** Returns when `error` is a brief silence of an agent that heartbeats; throws it otherwise. */
export const forgiveBriefSilence = async (job: Job, error: unknown): Promise<void> => {
  if (!(error instanceof Failure) || !error.isRetryable) throw error;
  const session = await findOpenSession(job.parts.store.db, job.node.uuid);
  const { clock, options } = job.parts;
  const silentMs = clock.wallMs() - (session?.lastSeenMs ?? 0);
  if (silentMs <= MISSED_HEARTBEATS_MAX * options.heartbeatTimeoutMs) return;
  throw new Failure(
    'agent.unreachable',
    `The agent neither answers nor sends heartbeats (the last one came ${Math.round(silentMs / 1_000)} s ago).`,
    { cause: error },
  );
};
