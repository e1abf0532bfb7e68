// What the conductor may ask of a machine. One type per interface kind; a hardware type is a bundle of
// implementations. Drivers know machines, not rows: they get a node record and return facts, and throw
// `Failure` (the world) or `Refusal` (the operator's data). Every call is bounded in time by the driver.

import type { JsonObject } from '@bessemer/protocol/json';
import type { NodeRecord, PowerState, PowerTarget } from '@bessemer/protocol/node/record';

import type { BmcAccountDoor } from './bmc-accounts.ts';
import type {
  BiosInterface,
  ConsoleInterface,
  DriverMethods,
  FirmwareInterface,
  Indicators,
  RaidInterface,
  VendorInterface,
  VirtualMediaInterface,
} from './hardware-interfaces.ts';

export type BootDevice =
  | 'pxe'
  | 'disk'
  | 'cdrom'
  | 'bios'
  | 'safe'
  | 'wanboot'
  | 'iscsiboot'
  | 'floppy'
  | 'uefihttp';

export type BootMode = 'uefi' | 'bios';

/** What the BMC says the machine is; null where it does not say. */
export type MachineIdentity = {
  readonly systemUuid: string | null;
  readonly serial: string | null;
  readonly manufacturer: string | null;
  readonly model: string | null;
  readonly biosVersion: string | null;
};

export type PowerInterface = {
  /** Checks the node's own data; no network. Throws Refusal(400) naming the driver_info key. */
  readonly validate: (node: NodeRecord) => void;
  readonly supportedTargets: readonly PowerTarget[];
  readonly fetchState: (node: NodeRecord) => Promise<PowerState>;
  /**
   * Brings the machine to `target` and reads it back until it is there; idempotent, except that
   * 'rebooting' always causes one restart. Failure 'bmc.power' after `timeoutMs`.
   */
  readonly setState: (
    node: NodeRecord,
    target: PowerTarget,
    options: { readonly timeoutMs: number },
  ) => Promise<void>;
};

export type ManagementInterface = {
  readonly validate: (node: NodeRecord) => void;
  readonly supportedBootDevices: readonly BootDevice[];
  readonly fetchBootDevice: (
    node: NodeRecord,
  ) => Promise<{ readonly device: BootDevice | null; readonly isPersistent: boolean | null }>;
  readonly setBootDevice: (
    node: NodeRecord,
    device: BootDevice,
    options: { readonly isPersistent: boolean },
  ) => Promise<void>;
  readonly fetchBootMode: (node: NodeRecord) => Promise<BootMode | null>;
  readonly setBootMode: (node: NodeRecord, mode: BootMode) => Promise<void>;
  readonly fetchSecureBoot: (node: NodeRecord) => Promise<boolean | null>;
  readonly setSecureBoot: (node: NodeRecord, isOn: boolean) => Promise<void>;
  readonly fetchIdentity: (node: NodeRecord) => Promise<MachineIdentity>;
  readonly injectNmi?: (node: NodeRecord) => Promise<void>;
  readonly indicators?: Indicators;
  readonly virtualMedia?: VirtualMediaInterface;
};

export type VirtualMediaState = {
  readonly device: 'cdrom' | 'floppy' | 'disk';
  readonly isInserted: boolean;
  /** Without its query string: it holds a signature. */
  readonly image: string | null;
};

/** How the ramdisk gets to the machine in the boot that comes next. */
export type RamdiskBoot =
  | { readonly transport: 'vmedia'; readonly url: string }
  | { readonly transport: 'network' };

export type BootInterface = {
  /** How the ramdisk gets to the machine; decides who makes the token, and when. */
  readonly route: 'vmedia' | 'network' | 'none';
  readonly validate: (node: NodeRecord) => void;
  /**
   * Virtual media: attaches the medium and sets a one-time boot from it; ejects whatever was there before.
   * Network: sets a one-time boot from the network. The machine is off. Idempotent for the same URL.
   */
  readonly prepareRamdisk: (node: NodeRecord, boot: RamdiskBoot) => Promise<void>;
  /** Detaches our medium. Idempotent; succeeds when nothing is attached. */
  readonly cleanUpRamdisk: (node: NodeRecord) => Promise<void>;
  /** Makes the next and all later boots come from the disk. Idempotent. */
  readonly prepareInstance: (node: NodeRecord) => Promise<void>;
  /** Host that fetches media, as the node's data name it: nobody else has business with them. */
  readonly mediumClient?: (node: NodeRecord) => string;
  readonly fetchMedia: (node: NodeRecord) => Promise<readonly VirtualMediaState[]>;
};

/**
 * How a machine without an agent pretends to have been deployed, cleaned or inspected (fake-hardware).
 * `direct` deploys go through the agent and need none of these.
 */
export type SimulatedWork = {
  readonly deploy: (node: NodeRecord) => Promise<void>;
  readonly clean: (node: NodeRecord) => Promise<void>;
  readonly inspect: (node: NodeRecord) => Promise<void>;
  /** How long the pretended agent takes to call: the node rests in its wait state meanwhile. */
  readonly callbackDelayMs?: (node: NodeRecord) => number;
};

export type DeployInterface =
  | { readonly kind: 'agent'; readonly validate: (node: NodeRecord) => void }
  | {
      readonly kind: 'simulated';
      readonly validate: (node: NodeRecord) => void;
      readonly work: SimulatedWork;
    };

export type StepListKind = 'clean' | 'deploy' | 'service';

export type DriverStepArguments = {
  readonly [name: string]: { readonly description: string; readonly isRequired: boolean };
};

/** What a step that the driver performs leaves behind; the conductor stores it with the end of the step. */
export type DriverStepResult = {
  readonly node?: Partial<
    Pick<
      NodeRecord,
      'raidConfig' | 'targetRaidConfig' | 'bootMode' | 'secureBoot' | 'driverInternalInfo'
    >
  >;
  /** Firmware settings or versions are others now: what is kept of them is read again. */
  readonly isHardwareChanged?: boolean;
};

/** A step of cleaning, deployment or servicing that needs no agent. */
export type DriverStep = {
  /** The kind of interface that it belongs to: bios, raid, firmware, management, power, vendor, deploy. */
  readonly interface: string;
  readonly step: string;
  /** The lists that have it, and where in them; 0: it is run only when somebody asks for it. */
  readonly priority: { readonly [kind in StepListKind]?: number };
  /** What may be given with it; undefined: nothing is checked. */
  readonly args?: DriverStepArguments;
  /** Run again after a crash of the service. Throws Failure, or Refusal for arguments that make no sense. */
  readonly run: (node: NodeRecord, args: JsonObject) => Promise<DriverStepResult>;
};

export type RescueInterface = {
  readonly kind: 'simulated';
  readonly validate: (node: NodeRecord) => void;
  /** How long the rescue system takes to call: the node rests in `rescue wait` meanwhile. */
  readonly callbackDelayMs: (node: NodeRecord) => number;
  readonly rescue: (node: NodeRecord) => Promise<void>;
  readonly unrescue: (node: NodeRecord) => Promise<void>;
};

/** The implementations that one node uses, chosen by its `*_interface` fields. */
export type NodeDriver = {
  readonly hardwareType: string;
  readonly power: PowerInterface;
  readonly management: ManagementInterface;
  readonly boot: BootInterface;
  readonly deploy: DeployInterface;
  readonly inspect: { readonly kind: 'agent' | 'simulated' };
  /** Undefined: rescue is not supported. */
  readonly rescue?: RescueInterface;
  /** Each undefined where the node uses `no-*`, or its hardware type has none. */
  readonly raid?: RaidInterface;
  readonly bios?: BiosInterface;
  readonly firmware?: FirmwareInterface;
  readonly console?: ConsoleInterface;
  readonly vendor?: VendorInterface;
  /** One per protocol that the node is spoken to with, its own first; undefined: its accounts cannot be managed. */
  readonly accounts?: (node: NodeRecord) => readonly BmcAccountDoor[];
  /** Those of all interfaces that the node uses. */
  readonly steps?: readonly DriverStep[];
  /** Result per interface kind, as GET validate shows it; kinds without an implementation are null. */
  readonly validateAll: (node: NodeRecord) => {
    readonly [kind: string]: { readonly result: boolean | null; readonly reason?: string };
  };
};

export type HardwareTypeDescription = {
  readonly name: string;
  readonly defaults: { readonly [interfaceKind: string]: string };
  readonly enabled: { readonly [interfaceKind: string]: readonly string[] };
  /** driver_info key to a sentence about it, as GET drivers/X/properties shows. */
  readonly properties: { readonly [key: string]: string };
  /** What a logical disk may be asked to be, with a sentence about each; undefined: no RAID. */
  readonly logicalDiskProperties?: { readonly [key: string]: string };
  readonly methods?: DriverMethods;
};

/** All hardware types that this process offers. Made by drivers/registry.ts. */
export type DriverRegistry = {
  readonly hardwareTypes: readonly HardwareTypeDescription[];
  /** Throws Refusal(400) for an unknown hardware type or interface. */
  readonly driverOf: (node: Pick<NodeRecord, 'driver' | 'interfaces'>) => NodeDriver;
  /** Fills in the defaults of a hardware type; Refusal(400) for unknown names, with the API's texts. */
  readonly chooseInterfaces: (
    hardwareType: string,
    asked: { readonly [interfaceKind: string]: string },
  ) => NodeRecord['interfaces'];
  /** Ends sessions at BMCs. */
  readonly close: () => Promise<void>;
};
