// What a BMC can do to a machine, whatever the machine is made of: QEMU with real firmware, or a process on
// file-backed disks. The BMC simulator knows only this.

export type BootSource = 'disk' | 'cdrom' | 'network' | 'network-http' | 'firmware';
export type FirmwareMode = 'uefi' | 'bios';

/** The identity that the BMC, the firmware tables and the agent's inventory all show. */
export type MachineFacts = {
  readonly name: string;
  readonly uuid: string;
  readonly serial: string;
  readonly manufacturer: string;
  readonly model: string;
  readonly biosVersion: string;
  readonly macs: readonly string[];
  readonly cpuCount: number;
  readonly memoryMiB: number;
};

/**
 * What the next start does. The BMC writes it, the machine reads it once per start, as firmware does: so a
 * one-time boot is used up by the start that obeys it, whoever caused that start.
 */
export type BootPlan = {
  override: { source: BootSource; isPersistent: boolean } | null;
  mode: FirmwareMode;
  isSecureBootOn: boolean;
};

export const takeBootSource = (plan: BootPlan): BootSource => {
  const source = plan.override?.source ?? 'disk';
  if (plan.override?.isPersistent === false) plan.override = null;
  return source;
};

export type Machine = {
  readonly facts: MachineFacts;
  readonly bootPlan: BootPlan;
  /** Console output of all starts, appended. */
  readonly serialLog: string;
  readonly isOn: () => boolean;
  /** Each power call resolves when the machine has taken it; one already in that state is left alone. */
  readonly powerOn: () => Promise<void>;
  readonly powerOff: () => Promise<void>;
  /** Power cut and start again; nothing when it is off. */
  readonly reset: () => Promise<void>;
  /** The power button: the software decides whether and when it goes off. */
  readonly softOff: () => Promise<void>;
  /** A file that stays until `ejectMedia`; seen at once by a running machine. */
  readonly insertMedia: (path: string) => Promise<void>;
  readonly ejectMedia: () => Promise<void>;
  /** Ends the machine and all that it started; its disks stay. */
  readonly close: () => Promise<void>;
};
