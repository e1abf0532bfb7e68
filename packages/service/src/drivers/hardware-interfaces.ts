// What some machines have beside power and a boot: RAID, firmware settings and versions, consoles, indicators, virtual
// media for people, and methods of their vendors. A driver without one answers as the API says it.

import type { JsonObject, JsonValue } from '@bessemer/protocol/json';
import type {
  IndicatorComponent,
  IndicatorState,
  MediaDevice,
} from '@bessemer/protocol/node/hardware-parts';
import type { NodeRecord } from '@bessemer/protocol/node/record';

export type RaidInterface = {
  readonly validate: (node: NodeRecord) => void;
  /** Throws Refusal(400) for what this hardware cannot be. Its shape has been checked. */
  readonly validateTarget: (node: NodeRecord, target: JsonObject) => void;
};

/** One setting of the firmware, and what its registry says about it; null where that is not known. */
export type BiosSetting = {
  readonly name: string;
  readonly value: string | null;
  readonly attributeType: string | null;
  readonly allowableValues: readonly string[] | null;
  readonly lowerBound: number | null;
  readonly upperBound: number | null;
  readonly minLength: number | null;
  readonly maxLength: number | null;
  readonly isReadOnly: boolean | null;
  readonly isResetRequired: boolean | null;
  readonly isUnique: boolean | null;
};

export type BiosInterface = {
  readonly validate: (node: NodeRecord) => void;
  readonly fetchSettings: (node: NodeRecord) => Promise<readonly BiosSetting[]>;
};

/** `component`: bios, bmc, or `nic:ID`. */
export type FirmwareComponent = {
  readonly component: string;
  readonly version: string | null;
  readonly vendor: string | null;
  readonly model: string | null;
  readonly serialNumber: string | null;
};

export type FirmwareInterface = {
  readonly validate: (node: NodeRecord) => void;
  readonly fetchComponents: (node: NodeRecord) => Promise<readonly FirmwareComponent[]>;
};

export type ConsoleInterface = {
  readonly validate: (node: NodeRecord) => void;
  readonly start: (node: NodeRecord) => Promise<void>;
  readonly stop: (node: NodeRecord) => Promise<void>;
  readonly fetch: (node: NodeRecord) => Promise<{ readonly type: string; readonly url: string }>;
};

export type IndicatorPlace = { readonly component: IndicatorComponent; readonly name: string };

export type Indicator = IndicatorPlace & {
  readonly isReadOnly: boolean;
  readonly states: readonly IndicatorState[];
};

export type Indicators = {
  readonly list: (node: NodeRecord) => Promise<readonly Indicator[]>;
  /** `place` is one of the list. */
  readonly fetch: (node: NodeRecord, place: IndicatorPlace) => Promise<IndicatorState>;
  readonly set: (node: NodeRecord, place: IndicatorPlace, state: IndicatorState) => Promise<void>;
};

/** A virtual drive, as people see it. */
export type MediaDrive = {
  /** Without what opens it: see `shownImage`. */
  readonly image: string | null;
  readonly isInserted: boolean;
  /** As Redfish calls them: CD, DVD, Floppy, USBStick. */
  readonly mediaTypes: readonly string[];
};

export type VirtualMediaInterface = {
  readonly fetchDrives: (node: NodeRecord) => Promise<readonly MediaDrive[]>;
  /** Replaces what is in a drive of that kind. Idempotent. */
  readonly attach: (
    node: NodeRecord,
    medium: { readonly device: MediaDevice; readonly url: string },
  ) => Promise<void>;
  /** Idempotent; succeeds when nothing is there. */
  readonly detach: (node: NodeRecord, devices: readonly MediaDevice[]) => Promise<void>;
};

export type VendorMethod = {
  readonly httpMethods: readonly string[];
  readonly description: string;
  /** The caller does not wait for it, and is told nothing of what comes out. */
  readonly isAsync: boolean;
  /** The answer is a file and no JSON. */
  readonly isAttachment: boolean;
  /** Refused while somebody else works on the node. */
  readonly isExclusive: boolean;
  /** Throws Refusal(400) that names the argument. */
  readonly validate: (node: NodeRecord, args: JsonObject) => void;
  readonly run: (node: NodeRecord, args: JsonObject) => Promise<JsonValue>;
};

/** A method of a hardware type itself, which knows no node. */
export type DriverMethod = Pick<VendorMethod, 'httpMethods' | 'description' | 'isAsync'> & {
  /** Throws Refusal(400) that names the argument. */
  readonly validate: (args: JsonObject) => void;
  readonly run: (args: JsonObject) => Promise<JsonValue>;
};

export type DriverMethods = { readonly [name: string]: DriverMethod };

export type VendorInterface = { readonly methods: { readonly [name: string]: VendorMethod } };
