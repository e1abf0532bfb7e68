// Ends a lab, also one whose daemon was killed: only what its own files name, by pid and start time.

import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { AGENT_PID_FILE } from '#fleet/agent-process';
import { SIM_PID_FILE } from '#bmc/ipmi-sim/sim-lab-bmc';
import type { Clock } from './clock.ts';
import { releaseTaps } from './host/network.ts';
import { endProcess } from './host/tracked-process.ts';
import { labFiles, type LabSpec } from './lab-spec.ts';
import { QEMU_PID_FILE } from './qemu/qemu-machine.ts';

const DAEMON_MS_MAX = 30_000;
const MACHINE_MS_MAX = 5_000;

export const tearDown = async (
  spec: LabSpec,
  options: { readonly clock: Clock; readonly areFilesKept: boolean },
): Promise<void> => {
  const { clock } = options;
  const files = labFiles(spec.directory);
  await endProcess(files.daemonPid, { clock, graceMs: DAEMON_MS_MAX });
  for (const machine of spec.machines) {
    for (const pidFile of [QEMU_PID_FILE, AGENT_PID_FILE, SIM_PID_FILE]) {
      await endProcess(join(machine.directory, pidFile), { clock, graceMs: MACHINE_MS_MAX });
    }
    await rm(join(machine.directory, 'ramdisk'), { recursive: true, force: true });
  }
  await rm(files.control, { force: true });
  await releaseTaps(spec.machines.flatMap((machine) => machine.tap ?? []));
  if (!options.areFilesKept) await rm(spec.directory, { recursive: true, force: true });
};
