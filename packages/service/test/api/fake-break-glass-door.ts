// Break-glass as a conductor in memory has it: nothing is kept, and nothing can be given.

import type { BreakGlassDoor } from '#conductor/bmc-credential/break-glass/break-glass-door';

import { Refusal } from '@bessemer/protocol/errors/refusal';

export const makeFakeBreakGlassDoor = (): BreakGlassDoor => ({
  requestBmcExport: async () => {
    throw new Refusal(409, 'nothing is kept');
  },
  approveBmcExport: async () => {
    throw new Refusal(409, 'nothing was asked for');
  },
  noteBmcOpened: async () => ({ isCurrent: false, rotatesAtMs: null }),
});
