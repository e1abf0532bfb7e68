// What the lab does with the BMC of a machine, whichever protocol it speaks.

import type { JsonObject } from '@bessemer/protocol/json';
import { FAULTS, isFaultName } from './faults.ts';
import type { RedfishBmc } from './redfish-server.ts';

export type LabBmc = {
  readonly faultNames: readonly string[];
  /** `name` is one of `faultNames`; `value` null: the fault's own. */
  readonly setFault: (name: string, value: number | null) => void;
  readonly clearFault: (name: string) => void;
  readonly faults: () => { readonly [name: string]: number };
  /** What it was asked. */
  readonly counters: () => JsonObject;
  /** Forgets all sessions; nothing where it has no such thing. */
  readonly dropSessions: () => void;
  readonly close: () => Promise<void>;
};

export const redfishLabBmc = (bmc: RedfishBmc): LabBmc => ({
  faultNames: Object.keys(FAULTS),
  setFault: (name, value) => {
    if (isFaultName(name)) bmc.faults.set(name, value ?? undefined);
  },
  clearFault: (name) => {
    if (isFaultName(name)) bmc.faults.clear(name);
  },
  faults: bmc.faults.list,
  counters: () => ({ ...bmc.counters }),
  dropSessions: bmc.dropSessions,
  close: bmc.close,
});
