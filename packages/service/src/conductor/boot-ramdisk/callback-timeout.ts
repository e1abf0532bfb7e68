// How long a machine that was just started may take until its agent is there.

import type { Job } from '../workflow/step.ts';

const kindOfTimeout = (kind: string): 'deploy' | 'clean' | 'inspect' =>
  kind === 'deploy' || kind === 'inspect' ? kind : 'clean';

export const callbackTimeoutOf = (job: Job): number =>
  job.parts.options.callbackTimeoutMs[kindOfTimeout(job.workflow.kind)];
