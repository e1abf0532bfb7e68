// The way out of the ramdisk, good or bad: power off, medium ejected, session and medium closed.

import type { NodeUuid } from '@bessemer/protocol/uuid';

import type { Queryable } from '#store/database';
import { updateNode } from '#store/nodes';

import { collectLogs } from '../agent-session/collect-logs.ts';
import { endSession, type SessionEnd } from '../agent-session/end-session.ts';
import { revokeBootMedia } from '../boot-media.ts';
import type { ConductorParts } from '../conductor-parts.ts';
import { revokeNetworkBoots } from '../network-boots.ts';
import { DONE, type Job, type Step } from '../workflow/step.ts';
import type { WorkflowKind } from '../workflow/workflow-kind.ts';

/** Nothing that was made for this boot is worth anything afterwards. */
export const endBoot = async (
  transaction: Queryable,
  parts: ConductorParts,
  nodeUuid: NodeUuid,
  reason: SessionEnd,
): Promise<void> => {
  const nowMs = parts.clock.wallMs();
  await revokeBootMedia(transaction, nodeUuid, nowMs);
  await revokeNetworkBoots(transaction, nodeUuid, nowMs);
  await endSession(transaction, parts, nodeUuid, reason);
};

/** From virtual media and from the boot host; for a machine whose ramdisk is done. */
export const withdrawRamdisk = async (job: Job): Promise<void> => {
  await job.driver.boot.cleanUpRamdisk(job.node);
  await job.parts.bootHost?.remove(job.node.uuid);
};

export const cleanUpRamdisk: Step = {
  name: 'clean_up_ramdisk',
  isIdempotent: true,
  run: async (job) => {
    await withdrawRamdisk(job);
    return {
      ...DONE,
      also: async (transaction) => {
        await endBoot(transaction, job.parts, job.node.uuid, 'done');
      },
    };
  },
};

/** What the node shows is what the BMC said, also of a machine whose work failed. */
const switchOff = async ({ parts, node, driver, fence }: Job): Promise<void> => {
  await driver.power.setState(node, 'power off', { timeoutMs: parts.options.powerTimeoutMs });
  await parts.store.transaction((transaction) =>
    updateNode(transaction, node.uuid, { powerState: 'power off' }, { fence }),
  );
};

/** After a failure or an abort. Each part is tried, whatever the others did. */
export const bringRamdiskToRest = async (job: Job): Promise<readonly string[]> => {
  const tries = [
    { what: undefined, attempt: () => collectLogs(job) },
    {
      what: 'The machine could not be powered off.',
      attempt: () => switchOff(job),
    },
    {
      what: 'The boot medium could not be ejected.',
      attempt: () => job.driver.boot.cleanUpRamdisk(job.node),
    },
    {
      what: 'The boot files could not be withdrawn.',
      attempt: async () => job.parts.bootHost?.remove(job.node.uuid),
    },
  ];
  const remains: string[] = [];
  for (const { what, attempt } of tries) {
    try {
      await attempt();
    } catch (error) {
      job.log.warn({ err: error }, 'one part of bringing the machine to rest failed');
      if (what !== undefined) remains.push(what);
    }
  }
  return remains;
};

/** Whatever the end. */
export const closeBoot: NonNullable<WorkflowKind['onEnd']> = (transaction, parts, node) =>
  endBoot(transaction, parts, node.uuid, 'workflow ended');
