// Which device the machine boots from, once or until told otherwise. Set in the order that BMCs and firmware want:
// keep the flags for longer than a minute, tell the firmware that they are new, then the flags; and read back.

import { Failure } from '@bessemer/protocol/errors/failure';

import type { BootDevice } from '../driver.ts';
import {
  clearBootInfoAcknowledge,
  getBootFlags,
  setBootFlags,
  setBootFlagsClearing,
  type BootDevice as FlagDevice,
} from './commands/boot-options.ts';
import type { IpmiCommand } from './command.ts';
import { IpmiFailure } from './failures.ts';
import type { IpmiSession } from './session.ts';

const DEVICES: readonly { readonly device: BootDevice; readonly flag: FlagDevice }[] = [
  { device: 'pxe', flag: 'network' },
  { device: 'disk', flag: 'disk' },
  { device: 'cdrom', flag: 'cdrom' },
  { device: 'bios', flag: 'firmware-setup' },
  { device: 'safe', flag: 'disk-safe-mode' },
];

export const IPMI_BOOT_DEVICES: readonly BootDevice[] = DEVICES.map(({ device }) => device);

export const fetchBootDevice = async (
  session: IpmiSession,
): Promise<{ readonly device: BootDevice | null; readonly isPersistent: boolean | null }> => {
  const flags = await session.run(getBootFlags());
  const device = DEVICES.find(({ flag }) => flag === flags.device)?.device;
  // Whether the flags are still valid is not asked: BMCs clear that bit when they have passed the flags on.
  return device === undefined
    ? { device: null, isPersistent: null }
    : { device, isPersistent: flags.isPersistent };
};

export type BootDeviceWish = {
  readonly isPersistent: boolean;
  readonly isUefi: boolean;
  /** Whether the flags are to outlive the minute after which BMCs forget them. */
  readonly isKeptOverMinute: boolean;
};

export const setBootDevice = async (
  session: IpmiSession,
  device: BootDevice,
  { isPersistent, isUefi, isKeptOverMinute }: BootDeviceWish,
): Promise<void> => {
  const flag = DEVICES.find((each) => each.device === device)?.flag;
  if (flag === undefined) {
    throw new Failure('bmc.unsupported', `IPMI cannot make a machine boot from "${device}"`);
  }
  if (isKeptOverMinute) await runIfKnown(session, setBootFlagsClearing(true));
  await runIfKnown(session, clearBootInfoAcknowledge());
  await session.run(setBootFlags({ isValid: true, isPersistent, isUefi, device: flag }));
  const read = await session.run(getBootFlags());
  // Only the device is held against the BMC: some keep no bit besides it, and boot as they should.
  if (read.device === flag) return;
  throw new IpmiFailure(
    'command-refused',
    `It accepted the boot device ${device} and did not keep it: it reports ${read.device}.`,
  );
};

const NOT_KNOWN: readonly string[] = ['command-unsupported', 'command-refused'];

/** For parameters that many BMCs lack. */
const runIfKnown = async (session: IpmiSession, command: IpmiCommand<void>): Promise<void> => {
  try {
    await session.run(command);
  } catch (error) {
    if (!(error instanceof IpmiFailure) || !NOT_KNOWN.includes(error.trouble)) throw error;
  }
};
