// What cleaning does about the BMC of a node: whoever had the machine could make itself an account there.

import { findBmcCredential } from '#store/bmc-credentials';
import type { StepListKind } from '#drivers/driver';

import type { OfferedStep } from '../steps/offered-step.ts';
import type { Job } from '../workflow/step.ts';
import { doorsOf, rotationPartsOf } from './credential-parts.ts';
import { ROTATE_STEP } from './rotation/rotate-step.ts';

/** Before the disks are erased, which may take hours. */
const PRIORITY = 15;

/** By itself only where the service keeps the credentials; it takes nothing over because somebody cleans. */
export const stepsOfCredentials = async (
  kind: StepListKind,
  { parts, node, driver }: Pick<Job, 'parts' | 'node' | 'driver'>,
): Promise<readonly OfferedStep[]> => {
  const kept = rotationPartsOf(parts);
  if (kind !== 'clean' || kept === undefined || doorsOf(driver, node).length === 0) return [];
  const record = await findBmcCredential(parts.store.db, node.uuid);
  const isKept = record !== undefined && record.activeSlot !== null;
  return [
    {
      step: ROTATE_STEP,
      interface: 'management',
      priority: isKept && kept.options.isRotatedOnClean ? PRIORITY : 0,
      by: 'service',
      isRebootRequested: false,
      // Only where it waits can anybody ask for it: its row says how to go on.
      isAbortable: true,
      argumentFacts: {},
    },
  ];
};
