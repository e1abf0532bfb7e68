// Gets our ramdisk to run on the machine, in steps: off, a session made for this boot, the way into the ramdisk, on,
// and the wait for the agent.

import { powerOff, powerOn } from '../power/power-steps.ts';
import { planned, type Step } from '../workflow/step.ts';
import { attachBoot } from './attach-boot.ts';
import { openSession } from './open-session.ts';
import { waitForAgent } from './wait-for-agent.ts';

export const BOOT_RAMDISK_STEPS: readonly Step[] = [
  powerOff,
  openSession,
  attachBoot,
  powerOn,
  waitForAgent,
];

export const bootRamdiskPlan = () => BOOT_RAMDISK_STEPS.map(({ name }) => planned(name, 'boot'));
