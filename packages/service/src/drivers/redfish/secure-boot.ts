// Secure boot of the firmware: whether it is on at the next boot.

import { Failure } from '@bessemer/protocol/errors/failure';

import type { Bmc } from './bmc-pool.ts';
import type { Resource } from './client.ts';
import { memberAt } from './json-guard.ts';
import { linkAt } from './links.ts';
import { readBack } from './read-back.ts';
import { BmcRefused } from './refused.ts';
import { fetchSystem } from './system.ts';

const ENABLE = 'SecureBootEnable';

/** Null where the machine has none, e.g. in BIOS mode. */
export const fetchSecureBoot = async (bmc: Bmc): Promise<boolean | null> => {
  const resource = await fetchResource(bmc);
  const isOn = memberAt(resource?.body, ENABLE);
  return typeof isOn === 'boolean' ? isOn : null;
};

export const setSecureBoot = async (bmc: Bmc, isOn: boolean): Promise<void> => {
  const resource = await fetchResource(bmc);
  const current = memberAt(resource?.body, ENABLE);
  if (current === isOn) return;
  if (resource === undefined || typeof current !== 'boolean') {
    // A machine without secure boot has it switched off.
    if (!isOn) return;
    throw new Failure(
      'bmc.unsupported',
      `The machine behind ${bmc.client.origin} has no secure boot`,
    );
  }
  await bmc.client.patch(resource, { [ENABLE]: isOn }, bmc.operation);
  const { isDone } = await readBack(
    bmc,
    resource.path,
    bmc.options.settingTimeoutMs,
    (seen) => memberAt(seen.body, ENABLE) === isOn,
  );
  if (isDone) return;
  throw new Failure(
    'bmc.refused',
    `The BMC at ${bmc.client.origin} accepted a change of secure boot and did not keep it`,
    { isRetryable: true },
  );
};

const fetchResource = async (bmc: Bmc): Promise<Resource | undefined> => {
  const system = await fetchSystem(bmc);
  const path = linkAt(bmc.client.origin, system.body, 'SecureBoot');
  if (path === undefined) return undefined;
  try {
    return await bmc.client.fetch(path, bmc.operation);
  } catch (error) {
    if (error instanceof BmcRefused && error.status === 404) return undefined;
    throw error;
  }
};
