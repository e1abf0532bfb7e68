// Hardware as a conductor in memory has it: nothing to read, and what was asked of it is kept.

import type { HardwareDoor } from '#conductor/hardware-door';

import { Refusal } from '@bessemer/protocol/errors/refusal';

export type HardwareAsked = readonly [what: string, ...details: unknown[]];

export const makeFakeHardwareDoor = (asked: HardwareAsked[]): HardwareDoor => {
  const keep =
    (what: string) =>
    async (_node: string, ...details: unknown[]): Promise<void> => {
      asked.push([what, ...details]);
    };
  return {
    setBootMode: keep('setBootMode'),
    setSecureBoot: keep('setSecureBoot'),
    setTargetRaid: keep('setTargetRaid'),
    setConsole: keep('setConsole'),
    setIndicator: keep('setIndicator'),
    attachMedium: keep('attachMedium'),
    detachMedia: keep('detachMedia'),
    fetchConsole: async () => undefined,
    listIndicators: async () => [],
    fetchIndicator: async () => 'unknown',
    fetchDrives: async () => [],
    vendorMethods: async () => ({}),
    callVendor: async (_node, { name }) => {
      throw new Refusal(400, `No handler for method ${name}`);
    },
  };
};
