// Changes of hardware that are asked for one by one, as steps of short workflows.

import { Failure } from '@bessemer/protocol/errors/failure';
import { isJsonObject } from '@bessemer/protocol/json';

import type { MediaDevice } from '@bessemer/protocol/node/hardware-parts';

import type { BootMode } from '#drivers/driver';
import type { VirtualMediaInterface } from '#drivers/hardware-interfaces';

import { DONE, type Job, type Step } from '../workflow/step.ts';
import type { WorkflowKind } from '../workflow/workflow-kind.ts';

/** The interface may have been changed between the request and its turn. */
const gone = ({ node }: Job, what: string): Failure =>
  new Failure('node.invalid', `The driver ${node.driver} does not support ${what} any more.`);

const setBootMode: Step = {
  name: 'set_boot_mode',
  isIdempotent: true,
  run: async ({ driver, node, planned }) => {
    const bootMode = planned.args['mode'] as BootMode;
    await driver.management.setBootMode(node, bootMode);
    return { kind: 'done', node: { bootMode } };
  },
};

const setSecureBoot: Step = {
  name: 'set_secure_boot',
  isIdempotent: true,
  run: async ({ driver, node, planned }) => {
    const secureBoot = planned.args['isOn'] === true;
    await driver.management.setSecureBoot(node, secureBoot);
    return { kind: 'done', node: { secureBoot } };
  },
};

const setConsole: Step = {
  name: 'set_console',
  isIdempotent: true,
  run: async (job) => {
    const { console } = job.driver;
    if (console === undefined) throw gone(job, 'console');
    const consoleEnabled = job.planned.args['isEnabled'] === true;
    await (consoleEnabled ? console.start(job.node) : console.stop(job.node));
    return { kind: 'done', node: { consoleEnabled } };
  },
};

const requireMedia = (job: Job): VirtualMediaInterface => {
  const { virtualMedia } = job.driver.management;
  if (virtualMedia === undefined) throw gone(job, 'virtual media');
  return virtualMedia;
};

const attachMedium: Step = {
  name: 'attach_virtual_media',
  isIdempotent: true,
  run: async (job) => {
    const { device, url } = job.planned.args;
    await requireMedia(job).attach(job.node, {
      device: device as MediaDevice,
      url: url as string,
    });
    return DONE;
  },
};

const detachMedia: Step = {
  name: 'detach_virtual_media',
  isIdempotent: true,
  run: async (job) => {
    await requireMedia(job).detach(job.node, job.planned.args['devices'] as MediaDevice[]);
    return DONE;
  },
};

const vendorMethodOf = ({ planned }: Job): string => planned.args['name'] as string;

/** Nobody knows what a vendor's method does when it is called twice. */
const callVendor: Step = {
  name: 'call_vendor',
  isIdempotent: false,
  run: async (job) => {
    const { args } = job.planned.args;
    const name = vendorMethodOf(job);
    const method = job.driver.vendor?.methods[name];
    if (method === undefined) throw gone(job, `the vendor method ${name}`);
    await method.run(job.node, isJsonObject(args) ? args : {});
    return DONE;
  },
  reconcile: async (job) => {
    throw new Failure(
      'node.invalid',
      `The service stopped while the vendor method ${vendorMethodOf(job)} ran. ` +
        'It is not called a second time; look at the machine, and call it again if need be.',
    );
  },
};

export const HARDWARE_STEPS: readonly Step[] = [
  setBootMode,
  setSecureBoot,
  setConsole,
  attachMedium,
  detachMedia,
  callVendor,
];

export const HARDWARE: WorkflowKind = { name: 'hardware', eventType: 'management' };
