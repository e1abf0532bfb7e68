// Gets our ramdisk to run on the machine, in steps: off, a session made for this boot, the way into the ramdisk, on,
// and the wait for the agent.

import { powerOff, powerOn } from '../power/power-steps.ts';
import { planned, type Step } from '../workflow/step.ts';
import { attachBoot } from './attach-boot.ts';
import { renewSession } from './renew-session.ts';
import { openSession } from './open-session.ts';
import { waitForAgent } from './wait-for-agent.ts';

const BOOT_RAMDISK_STEPS: readonly Step[] = [
  powerOff,
  openSession,
  attachBoot,
  powerOn,
  waitForAgent,
];

/** Also those of a boot in the middle of the work. */
export const ALL_BOOT_STEPS: readonly Step[] = [...BOOT_RAMDISK_STEPS, renewSession];

export const bootRamdiskPlan = () => BOOT_RAMDISK_STEPS.map(({ name }) => planned(name, 'boot'));
