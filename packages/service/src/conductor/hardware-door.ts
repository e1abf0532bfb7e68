// The part of the door between API and conductor that is about hardware: how machines boot, their RAID, consoles,
// lights, virtual drives, and what their vendors added.

import type { JsonObject, JsonValue } from '@bessemer/protocol/json';
import type { IndicatorState, MediaDevice } from '@bessemer/protocol/node/hardware-parts';
import type { NodeUuid } from '@bessemer/protocol/uuid';

import type { BootMode } from '#drivers/driver';
import type { Indicator, IndicatorPlace, MediaDrive } from '#drivers/hardware-interfaces';

export type VendorMethodFacts = {
  readonly httpMethods: readonly string[];
  readonly description: string;
  readonly isAsync: boolean;
  readonly isAttachment: boolean;
  readonly isExclusive: boolean;
};

export type VendorCall = {
  readonly name: string;
  readonly httpMethod: string;
  readonly args: JsonObject;
};

/** Every method throws Refusal where the driver of the node has no such interface. */
export type HardwareDoor = {
  /** Stored as a workflow; returns when stored. */
  readonly setBootMode: (node: NodeUuid, mode: BootMode) => Promise<void>;
  readonly setSecureBoot: (node: NodeUuid, isOn: boolean) => Promise<void>;
  /** Stores what RAID steps will make; its shape was checked. */
  readonly setTargetRaid: (node: NodeUuid, target: JsonObject) => Promise<void>;
  /** Undefined: the console is off. */
  readonly fetchConsole: (
    node: NodeUuid,
  ) => Promise<{ readonly type: string; readonly url: string } | undefined>;
  readonly setConsole: (node: NodeUuid, isEnabled: boolean) => Promise<void>;
  readonly listIndicators: (node: NodeUuid) => Promise<readonly Indicator[]>;
  readonly fetchIndicator: (
    node: NodeUuid,
    place: { readonly [key in keyof IndicatorPlace]: string },
  ) => Promise<IndicatorState>;
  readonly setIndicator: (
    node: NodeUuid,
    place: { readonly [key in keyof IndicatorPlace]: string },
    state: string,
  ) => Promise<void>;
  readonly fetchDrives: (node: NodeUuid) => Promise<readonly MediaDrive[]>;
  readonly attachMedium: (
    node: NodeUuid,
    medium: { readonly device: MediaDevice; readonly url: string },
  ) => Promise<void>;
  readonly detachMedia: (node: NodeUuid, devices: readonly MediaDevice[]) => Promise<void>;
  /** Empty where the node has no vendor interface. */
  readonly vendorMethods: (
    node: NodeUuid,
  ) => Promise<{ readonly [name: string]: VendorMethodFacts }>;
  readonly callVendor: (
    node: NodeUuid,
    call: VendorCall,
  ) => Promise<
    { readonly isAsync: true } | { readonly isAsync: false; readonly answer: JsonValue }
  >;
};
