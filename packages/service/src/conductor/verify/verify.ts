// manage: is there a BMC behind the data, does it know our password, and which machine does it belong to?

import { isoTime } from '#clock';

import { takeOverAfterManage } from '../bmc-credential/take-over.ts';
import { readHardware } from '../management/read-hardware.ts';
import { planned, type Step } from '../workflow/step.ts';
import type { WorkflowKind } from '../workflow/workflow-kind.ts';

const verifyBmc: Step = {
  name: 'verify_bmc',
  isIdempotent: true,
  run: async (job) => {
    const { node, driver } = job;
    driver.power.validate(node);
    const powerState = await driver.power.fetchState(node);
    const identity = await driver.management.fetchIdentity(node);
    const [bootMode, secureBoot] = [
      await driver.management.fetchBootMode(node),
      await driver.management.fetchSecureBoot(node),
    ];
    const vendor = identity.manufacturer === null ? {} : { vendor: identity.manufacturer };
    return {
      kind: 'done',
      also: await readHardware(job),
      detail: { serial: identity.serial, model: identity.model },
      node: {
        powerState,
        bootMode,
        secureBoot,
        properties: { ...vendor, ...node.properties },
        driverInternalInfo: {
          ...node.driverInternalInfo,
          bmc_identity: { ...identity },
          bmc_verified_at: isoTime(job.parts.clock.wallMs()),
        },
      },
    };
  },
};

export const VERIFY: WorkflowKind = {
  name: 'verify',
  eventType: 'verify',
  doneEvent: () => 'done',
  failEvent: 'fail',
  next: takeOverAfterManage,
};

export const VERIFY_STEPS: readonly Step[] = [verifyBmc];
export const verifyPlan = () => [planned('verify_bmc', 'management')];
