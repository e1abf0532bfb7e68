// Methods of the hardware type itself, one that is waited for and one that is not: for clients that test how they are
// called.

import { Refusal } from '@bessemer/protocol/errors/refusal';

import type { DriverMethods } from '../hardware-interfaces.ts';

export const FAKE_DRIVER_METHODS: DriverMethods = {
  echo: {
    httpMethods: ['GET', 'POST'],
    description: 'Answers what it was given.',
    isAsync: false,
    validate: () => undefined,
    run: async (args) => args,
  },
  accept: {
    httpMethods: ['POST'],
    description: 'Takes the argument bar, and does nothing with it.',
    isAsync: true,
    validate: (args) => {
      if (args['bar'] !== undefined) return;
      throw new Refusal(400, "Parameter 'bar' not passed to method 'accept'.");
    },
    run: async () => null,
  },
};
