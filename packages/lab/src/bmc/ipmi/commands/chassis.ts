// Power and boot order, on the machine that the lab gave this BMC.

import type { IpmiBmc } from '../bmc-memory.ts';
import type { BootSource, Machine } from '../../power-model.ts';
import { CODE, completed, type CommandTable, type Outcome } from './command.ts';

const BOOT_FLAGS = 5;
const UNSPECIFIED = 0xff;
const UNSUPPORTED_PARAMETER = 0x80;
/** Set in progress, flag clearing, acknowledge: kept, and without effect. */
const KEPT_PARAMETERS: { readonly [parameter: number]: number } = { 0: 1, 3: 1, 4: 2 };

const SOURCES: { readonly [device: number]: BootSource } = {
  1: 'network',
  2: 'disk',
  5: 'cdrom',
  6: 'firmware',
  8: 'cdrom',
};

const CONTROLS: { readonly [control: number]: (machine: Machine) => Promise<void> } = {
  0: (machine) => machine.powerOff(),
  1: (machine) => machine.powerOn(),
  2: async (machine) => {
    await machine.powerOff();
    await machine.powerOn();
  },
  3: (machine) => machine.reset(),
  5: (machine) => machine.softOff(),
};

export const chassisCommands: CommandTable = {
  '00.01': {
    privilege: 2,
    run: ({ bmc }) => completed((bmc.machine.isOn() ? 0x01 : 0x00) | 0x20, 0x00, 0x00),
  },
  '00.02': {
    privilege: 3,
    bytesMin: 1,
    run: async ({ bmc, data }) => {
      const control = data.readUInt8(0) & 0x0f;
      bmc.counters.chassisControls += 1;
      const act = CONTROLS[control];
      if (act === undefined) return { code: CODE.invalidField };
      if (bmc.faults.has('ignore-power')) return completed();
      return act(bmc.machine).then(
        () => completed(),
        // Why a machine did not start is the lab's to tell; a BMC has only this code for it.
        () => ({ code: UNSPECIFIED }),
      );
    },
  },
  '00.08': {
    privilege: 3,
    bytesMin: 1,
    run: ({ bmc, data }) => setBootOption(bmc, data.readUInt8(0) & 0x7f, data.subarray(1)),
  },
  '00.09': {
    privilege: 3,
    bytesMin: 3,
    run: ({ bmc, data }) => {
      const parameter = data.readUInt8(0) & 0x7f;
      if (parameter === BOOT_FLAGS) return completed(0x01, BOOT_FLAGS, ...bootFlags(bmc));
      const sizeBytes = KEPT_PARAMETERS[parameter];
      if (sizeBytes === undefined) return { code: UNSUPPORTED_PARAMETER };
      const kept = bmc.bootParameters.get(parameter) ?? Buffer.alloc(sizeBytes);
      return completed(0x01, parameter, ...kept);
    },
  },
};

const setBootOption = (bmc: IpmiBmc, parameter: number, data: Buffer): Outcome => {
  if (KEPT_PARAMETERS[parameter] !== undefined) {
    bmc.bootParameters.set(parameter, Buffer.from(data));
    return completed();
  }
  if (parameter !== BOOT_FLAGS) return { code: UNSUPPORTED_PARAMETER };
  if (data.length < 5) return { code: CODE.tooShort };
  const flags = data.readUInt8(0);
  const device = (data.readUInt8(1) >> 2) & 0x0f;
  const source = SOURCES[device];
  if (device !== 0 && source === undefined) return { code: CODE.invalidField };
  const plan = bmc.machine.bootPlan;
  const isValid = (flags & 0x80) !== 0 && source !== undefined;
  plan.override = isValid ? { source, isPersistent: (flags & 0x40) !== 0 } : null;
  if (isValid) plan.mode = (flags & 0x20) === 0 ? 'bios' : 'uefi';
  return completed();
};

const bootFlags = ({ machine }: IpmiBmc): readonly number[] => {
  const { override, mode } = machine.bootPlan;
  if (override === null) return [0, 0, 0, 0, 0];
  const device = Object.entries(SOURCES).find(([, source]) => source === override.source);
  const flags = 0x80 | (override.isPersistent ? 0x40 : 0) | (mode === 'uefi' ? 0x20 : 0);
  return [flags, Number(device?.[0] ?? 0) << 2, 0, 0, 0];
};
