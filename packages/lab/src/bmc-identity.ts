// The certificates of a lab's BMCs: made once by an authority whose key is then forgotten, so that a lab that is
// started again shows the same keys.

import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { makeLabAuthority, type KeyPairPem } from '#bmc/lab-authority';
import type { Clock } from './clock.ts';
import { labFiles, machineFiles, type LabSpec } from './lab-spec.ts';

export const makeBmcIdentities = async (spec: LabSpec, clock: Clock): Promise<void> => {
  const authority = await makeLabAuthority(clock);
  await writeFile(labFiles(spec.directory).ca, authority.certificate, { mode: 0o644 });
  for (const machine of spec.machines) {
    const identity = await authority.issue(machine.facts.name, machine.bmc.host);
    await mkdir(machine.directory, { recursive: true, mode: 0o700 });
    await writeFile(machineFiles(machine.directory).bmcIdentity, JSON.stringify(identity), {
      mode: 0o600,
    });
  }
};

export const readBmcIdentity = async (path: string): Promise<KeyPairPem> =>
  // Only makeBmcIdentities writes this file.
  JSON.parse(await readFile(path, 'utf8')) as KeyPairPem;
