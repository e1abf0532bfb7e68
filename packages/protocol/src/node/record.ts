// A node as the code holds it. Wire names (snake case) are mapped at the API's edge by node/fields.ts.

import type { JsonObject } from '../json.ts';
import type { NodeUuid } from '../uuid.ts';
import type { ProvisionState } from './states.ts';

export type PowerState = 'power on' | 'power off' | 'error';
export type PowerTarget =
  | 'power on'
  | 'power off'
  | 'rebooting'
  | 'soft power off'
  | 'soft rebooting';

export type Fault = 'power failure' | 'clean failure' | 'rescue abort failure' | 'service failure';

/** The kinds of interface that a hardware type is made of; the API shows each as `<kind>_interface`. */
export const INTERFACE_KINDS = [
  'bios',
  'boot',
  'console',
  'deploy',
  'firmware',
  'inspect',
  'management',
  'network',
  'power',
  'raid',
  'rescue',
  'storage',
  'vendor',
] as const;
export type InterfaceKind = (typeof INTERFACE_KINDS)[number];

/** Times are ISO 8601 text in UTC with microseconds, as the API shows them; null when never set. */
export type NodeRecord = {
  readonly id: number;
  readonly uuid: NodeUuid;
  readonly name: string | null;
  readonly instanceUuid: string | null;
  readonly instanceName: string | null;
  readonly driver: string;
  readonly interfaces: { readonly [kind in InterfaceKind]: string };
  /** With a mask where a secret is: those are sealed, in `driverSecrets`. */
  readonly driverInfo: JsonObject;
  /** Sealed; null when there are none. */
  readonly driverSecrets: string | null;
  readonly instanceInfo: JsonObject;
  readonly properties: JsonObject;
  readonly extra: JsonObject;
  readonly driverInternalInfo: JsonObject;
  readonly networkData: JsonObject;
  readonly provisionState: ProvisionState;
  readonly targetProvisionState: ProvisionState | null;
  readonly provisionUpdatedAt: string | null;
  readonly powerState: PowerState | null;
  readonly targetPowerState: PowerState | null;
  readonly lastError: string | null;
  readonly maintenance: boolean;
  readonly maintenanceReason: string | null;
  readonly fault: Fault | null;
  readonly reservation: string | null;
  readonly cleanStep: JsonObject;
  readonly deployStep: JsonObject;
  readonly serviceStep: JsonObject;
  readonly raidConfig: JsonObject;
  readonly targetRaidConfig: JsonObject;
  readonly bootMode: string | null;
  readonly secureBoot: boolean | null;
  readonly automatedClean: boolean | null;
  readonly resourceClass: string | null;
  readonly conductorGroup: string;
  readonly conductor: string | null;
  readonly chassisUuid: string | null;
  readonly parentNode: string | null;
  readonly owner: string | null;
  readonly lessee: string | null;
  readonly shard: string | null;
  readonly description: string | null;
  readonly protected: boolean;
  readonly protectedReason: string | null;
  readonly retired: boolean;
  readonly retiredReason: string | null;
  readonly consoleEnabled: boolean;
  readonly disablePowerOff: boolean;
  readonly health: string | null;
  readonly inspectionStartedAt: string | null;
  readonly inspectionFinishedAt: string | null;
  /** Sorted. */
  readonly traits: readonly string[];
  /** The allocation that the instance comes from, if one does. */
  readonly allocationUuid: string | null;
  readonly createdAt: string;
  readonly updatedAt: string | null;
};
