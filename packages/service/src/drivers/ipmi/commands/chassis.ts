// Power of the machine.

import { NET_FN, type IpmiCommand } from '../command.ts';

export type ChassisStatus = {
  readonly isPowerOn: boolean;
  readonly hasPowerFault: boolean;
  /** What the machine does when power comes back. */
  readonly restorePolicy: 'stay-off' | 'as-before' | 'power-on' | 'unknown';
};

const RESTORE_POLICIES = ['stay-off', 'as-before', 'power-on', 'unknown'] as const;
/** Overload, interlock, fault, control fault. */
const FAULT_BITS = 0x1e;

export const chassisStatus = (): IpmiCommand<ChassisStatus> => ({
  name: 'Get Chassis Status',
  netFn: NET_FN.chassis,
  command: 0x01,
  isRepeatable: true,
  read: (reader) => {
    const power = reader.byte();
    // The answer has at least three bytes; fewer is another answer.
    reader.take(2);
    return {
      isPowerOn: (power & 0x01) !== 0,
      hasPowerFault: (power & FAULT_BITS) !== 0,
      restorePolicy: RESTORE_POLICIES[(power >> 5) & 0x03] ?? 'unknown',
    };
  },
});

const CONTROLS = {
  'power-off': 0,
  'power-on': 1,
  'power-cycle': 2,
  reset: 3,
  'diagnostic-interrupt': 4,
  'soft-off': 5,
} as const;

export type ChassisControl = keyof typeof CONTROLS;

/** These two end in a state; each of the others is an event, and twice is not once. */
const REPEATABLE: readonly ChassisControl[] = ['power-off', 'power-on'];

export const chassisControl = (control: ChassisControl): IpmiCommand<void> => ({
  name: `Chassis Control ${control}`,
  netFn: NET_FN.chassis,
  command: 0x02,
  write: () => Buffer.from([CONTROLS[control]]),
  isRepeatable: REPEATABLE.includes(control),
  read: () => undefined,
});
