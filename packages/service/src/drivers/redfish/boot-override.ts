// Boot source override: which device the machine boots from, once or until told otherwise, and in which mode.

import { Failure } from '@bessemer/protocol/errors/failure';
import type { JsonObject } from '@bessemer/protocol/json';

import type { BootDevice, BootMode } from '../driver.ts';
import type { Bmc } from './bmc-pool.ts';
import type { Resource } from './client.ts';
import { objectAt, textAt, textsAt } from './json-guard.ts';
import { readBack } from './read-back.ts';
import { BmcRefused } from './refused.ts';
import { fetchSystem } from './system.ts';

type Target = { readonly device: BootDevice; readonly names: readonly string[] };

/** First name that the BMC offers wins; some show the virtual drive as a USB one. */
const TARGETS: readonly Target[] = [
  { device: 'pxe', names: ['Pxe'] },
  { device: 'disk', names: ['Hdd'] },
  { device: 'cdrom', names: ['Cd', 'UsbCd'] },
  { device: 'bios', names: ['BiosSetup'] },
  { device: 'floppy', names: ['Floppy'] },
  { device: 'uefihttp', names: ['UefiHttp'] },
];

export const BOOT_DEVICES: readonly BootDevice[] = TARGETS.map((target) => target.device);

const ENABLED = 'BootSourceOverrideEnabled';
const TARGET = 'BootSourceOverrideTarget';
const MODE = 'BootSourceOverrideMode';
const MODE_NAMES: { readonly [mode in BootMode]: string } = { uefi: 'UEFI', bios: 'Legacy' };

export const fetchOverride = async (
  bmc: Bmc,
): Promise<{ readonly device: BootDevice | null; readonly isPersistent: boolean | null }> => {
  const boot = bootOf(await fetchSystem(bmc));
  const enabled = textAt(boot, ENABLED);
  const name = textAt(boot, TARGET);
  const device = TARGETS.find((each) => name !== undefined && each.names.includes(name))?.device;
  if (device === undefined || enabled === undefined || enabled === 'Disabled') {
    return { device: null, isPersistent: null };
  }
  return { device, isPersistent: enabled === 'Continuous' };
};

/** Sets the override and reads it back. `mode` null keeps the machine's boot mode. */
export const setOverride = async (
  bmc: Bmc,
  device: BootDevice,
  options: { readonly isPersistent: boolean; readonly mode: BootMode | null },
): Promise<void> => {
  const system = await fetchSystem(bmc);
  const boot = bootOf(system);
  const target = targetName(bmc, boot, device);
  const enabled = options.isPersistent ? 'Continuous' : 'Once';
  requireOffered(bmc, boot, ENABLED, enabled);
  const currentMode = textAt(boot, MODE);
  const mode = options.mode === null ? currentMode : MODE_NAMES[options.mode];
  const change = { [ENABLED]: enabled, [TARGET]: target };
  // Some BMCs fall back to their default mode when an override comes without one, so it goes along if known.
  if (currentMode === undefined || mode === undefined) await patchBoot(bmc, system, change);
  else await patchWithMode(bmc, system, change, { current: currentMode, wanted: mode });
  await requireOverride(bmc, system.path, {
    ...change,
    ...(currentMode === undefined ? {} : { [MODE]: mode ?? currentMode }),
  });
};

const patchWithMode = async (
  bmc: Bmc,
  system: Resource,
  change: JsonObject,
  mode: { readonly current: string; readonly wanted: string },
): Promise<void> => {
  try {
    await patchBoot(bmc, system, { ...change, [MODE]: mode.wanted });
  } catch (error) {
    const isNeedless = error instanceof BmcRefused && mode.current === mode.wanted;
    if (!isNeedless) throw error;
    await patchBoot(bmc, await fetchSystem(bmc), change);
  }
};

export const fetchMode = async (bmc: Bmc): Promise<BootMode | null> => {
  const mode = textAt(bootOf(await fetchSystem(bmc)), MODE);
  if (mode === undefined) return null;
  return mode === MODE_NAMES.uefi ? 'uefi' : 'bios';
};

export const setMode = async (bmc: Bmc, mode: BootMode): Promise<void> => {
  const system = await fetchSystem(bmc);
  const boot = bootOf(system);
  const current = textAt(boot, MODE);
  if (current === MODE_NAMES[mode]) return;
  if (current === undefined) {
    throw new Failure(
      'bmc.unsupported',
      `The BMC at ${bmc.client.origin} does not let the boot mode be set; set it in the firmware's own menu`,
    );
  }
  requireOffered(bmc, boot, MODE, MODE_NAMES[mode]);
  // Target and switch go along unchanged: several BMCs take the three only together.
  const change: JsonObject = { [MODE]: MODE_NAMES[mode] };
  for (const key of [ENABLED, TARGET]) {
    const value = textAt(boot, key);
    if (value !== undefined) change[key] = value;
  }
  await patchBoot(bmc, system, change);
  await requireOverride(bmc, system.path, { [MODE]: MODE_NAMES[mode] });
};

const bootOf = (system: Resource): JsonObject => objectAt(system.body, 'Boot') ?? {};

const patchBoot = (bmc: Bmc, system: Resource, change: JsonObject): Promise<void> =>
  bmc.client.patch(system, { Boot: change }, bmc.operation);

const requireOverride = async (bmc: Bmc, path: string, wanted: JsonObject): Promise<void> => {
  const wrongIn = (system: Resource): readonly string[] =>
    Object.keys(wanted).filter((key) => bootOf(system)[key] !== wanted[key]);
  const { resource, isDone } = await readBack(
    bmc,
    path,
    bmc.options.settingTimeoutMs,
    (system) => wrongIn(system).length === 0,
  );
  if (isDone) return;
  const boot = bootOf(resource);
  const wrong = wrongIn(resource);
  throw new Failure(
    'bmc.refused',
    `The BMC at ${bmc.client.origin} accepted a boot setting and did not keep it: ` +
      wrong.map((key) => `${key} is ${textAt(boot, key) ?? 'unset'}`).join(', '),
    { isRetryable: true },
  );
};

const targetName = (bmc: Bmc, boot: JsonObject, device: BootDevice): string => {
  const names = TARGETS.find((each) => each.device === device)?.names ?? [];
  const offered = offeredValues(boot, TARGET);
  const name = offered.length === 0 ? names[0] : names.find((each) => offered.includes(each));
  if (name !== undefined) return name;
  throw new Failure(
    'bmc.unsupported',
    `The BMC at ${bmc.client.origin} cannot boot from "${device}"`,
    {
      details: { device, offered: [...offered] },
    },
  );
};

const requireOffered = (bmc: Bmc, boot: JsonObject, key: string, value: string): void => {
  const offered = offeredValues(boot, key);
  if (offered.length === 0 || offered.includes(value)) return;
  throw new Failure(
    'bmc.unsupported',
    `The BMC at ${bmc.client.origin} does not offer ${key} ${value}`,
    {
      details: { offered: [...offered] },
    },
  );
};

const offeredValues = (boot: JsonObject, key: string): readonly string[] =>
  textsAt(boot, `${key}@Redfish.AllowableValues`);
