// What the agent needs from a machine. Two managers fill it: `generic` for Linux on real (or emulated) parts, and
// `simulated` for disks that are files. Whatever changes a disk asks for the permit.

import type { FileHandle } from 'node:fs/promises';
import type { BmcHostInterface } from '@bessemer/protocol/agent/bmc-commands';
import type { Inventory, InventoryDisk } from '@bessemer/protocol/agent/inventory';
import type { DiskWritePermit } from '../may-write-disks.ts';
import type { SystemInterface } from './ipmi/system-interface.ts';

export type BootMode = 'uefi' | 'bios';

export type EraseMethod = {
  /** As it stands in the record: `nvme-format`, `discard`, `overwrite`. */
  readonly name: string;
  /** `report` is told the bytes done so far. Throws with the reason when the disk refuses. */
  readonly run: (permit: DiskWritePermit, report: (doneBytes: number) => void) => Promise<void>;
};

export type BootEntry = {
  readonly diskName: string;
  readonly partitionNumber: number;
  readonly label: string;
  /** With backslashes, as firmware writes it. */
  readonly loaderPath: string;
};

export type Hardware = {
  /** Key of the version map on the wire. */
  readonly name: string;
  /** Key of the step map on the wire. */
  readonly className: string;
  readonly version: string;
  /** Smaller disks are not taken for the image when there is no hint. */
  readonly rootDiskBytesMin: number;
  readonly inventory: () => Promise<Inventory>;
  /** Disks of the machine in a stable order; without media, memory disks and read-only ones. */
  readonly disks: () => Promise<readonly InventoryDisk[]>;
  readonly bootMode: () => Promise<BootMode>;
  readonly openForReading: (disk: InventoryDisk) => Promise<FileHandle>;
  readonly openForWriting: (disk: InventoryDisk, permit: DiskWritePermit) => Promise<FileHandle>;
  /** Best first. */
  readonly eraseMethods: (disk: InventoryDisk) => Promise<readonly EraseMethod[]>;
  /** Makes the whole disk read as zeros if that is quick and certain; false when nothing was done. */
  readonly zeroQuickly: (disk: InventoryDisk, permit: DiskWritePermit) => Promise<boolean>;
  /** After the partition table changed. */
  readonly rereadPartitions: (disk: InventoryDisk) => Promise<void>;
  /** The device file of a partition. */
  readonly partitionName: (disk: InventoryDisk, number: number) => string;
  /** Replaces entries of the same label or loader, puts the new one first. */
  readonly setBootEntry: (entry: BootEntry) => Promise<void>;
  readonly flush: () => Promise<void>;
  /** Does not return in a real machine. */
  readonly end: (how: 'power-off' | 'reboot') => Promise<void>;
  /** The way to the machine's own BMC, which may not be there. */
  readonly bmc: SystemInterface;
  /** A network between the machine and its BMC; null: there is none. */
  readonly hostInterface: () => Promise<BmcHostInterface | null>;
  /** Brings that network up. Why it cannot be used, or undefined. */
  readonly joinHostNetwork: (found: BmcHostInterface) => Promise<string | undefined>;
  readonly networkDown: () => Promise<void>;
  /** Files for log collection: name and content. */
  readonly logs: () => Promise<readonly { readonly name: string; readonly content: string }[]>;
};
